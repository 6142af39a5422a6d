import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey, register } from '../support/access-calls.js';
import { ADMIN_KEY, TestService } from '../support/service.js';
import { listen, type ReceivedFrame, type StreamListener } from '../support/stream.js';

describe('commands of the stream', () => {
  let service: TestService;
  let coder: { id: string; name: string };
  const open: StreamListener[] = [];
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    coder = await register(service, 'coder');
    await register(service, 'reviewer', { role: 'reviewer', metadata_category: 'quality' });
  });
  afterEach(async () => {
    for (const { ws, closed } of open.splice(0)) {
      ws.terminate();
      await closed;
    }
  });
  afterAll(() => service.remove());

  async function client(query = '', key = ADMIN_KEY): Promise<StreamListener> {
    const listener = await listen(service, `/ws${query}`, key);
    open.push(listener);
    return listener;
  }
  /** Sends a command, and waits for what it is answered. */
  async function send(listener: StreamListener, command: unknown, answer: string): Promise<ReceivedFrame> {
    const from = listener.frames.length;
    listener.ws.send(typeof command === 'string' ? command : JSON.stringify(command));
    return listener.next(answer, from);
  }
  const subscribe = (filter?: object, more: object = {}) => ({ command: 'subscribe', filter, ...more });
  const ingest = async (body: object): Promise<number> =>
    (await service.request('POST', '/events/ingest', body)).body.seq as number;

  it('subscribe to what a filter asks for, beside what there is', async () => {
    const listener = await client();
    const { data } = await send(
      listener,
      subscribe({ agents: ['coder'], decisions: ['denied'] }, { request_id: 'r-1' }),
      'subscribed',
    );
    expect(data).toEqual({
      subscription: expect.stringMatching(/^[0-9a-f]{16}$/),
      filter: { agents: [coder.id], decisions: ['denied'] },
      epoch: expect.stringMatching(/^[0-9a-f]+$/),
      seq: expect.any(Number),
      request_id: 'r-1',
    });
    const denied = await ingest({ agent_id: 'coder', rbac_decision: 'denied' });
    const allowed = await ingest({ agent_id: 'coder', rbac_decision: 'allowed' });
    const frames = await listener.recorded(3);
    const of = (id: unknown) =>
      frames.filter(({ subscription }) => subscription === id).map(({ seq }) => seq);
    expect(of('all')).toEqual([denied, allowed]);
    expect(of(data['subscription'])).toEqual([denied]);
  });

  it('name a filter the same on every connection, in whatever order it stands', async () => {
    const ids: unknown[] = [];
    for (const filter of [
      { roles: ['developer', 'reviewer'], types: ['rbac_decision'] },
      { types: ['rbac_decision'], roles: ['reviewer', 'developer', 'developer'] },
    ])
      ids.push((await send(await client(), subscribe(filter), 'subscribed')).data['subscription']);
    expect(ids[0]).toBe(ids[1]);
    const byQuery = await client('?type=rbac_decision&role=developer,reviewer');
    expect((await byQuery.next('subscribed')).data['subscription']).toBe(ids[0]);
  });

  it.each<[what: string, filter: object, wanted: object, other: object]>([
    ['agents, by name', { agents: ['coder'] }, { agent_id: 'coder' }, { agent_id: 'reviewer' }],
    ['agents that nobody registered', { agents: ['stray'] }, { agent_id: 'stray' }, { agent_id: 'coder' }],
    ['roles', { roles: ['reviewer'] }, { agent_id: 'reviewer' }, { agent_id: 'coder' }],
    ['categories', { categories: ['quality'] }, { agent_id: 'reviewer' }, { agent_id: 'coder' }],
    ['decisions', { decisions: ['denied'] }, { rbac_decision: 'denied' }, { rbac_decision: 'allowed' }],
  ])('filter by %s', async (_what, filter, wanted, other) => {
    const listener = await client('?start=none');
    await send(listener, subscribe(filter), 'subscribed');
    await ingest(other);
    const seq = await ingest(wanted);
    await ingest(other);
    const last = await ingest(wanted);
    expect((await listener.recorded(2)).map((frame) => frame.seq)).toEqual([seq, last]);
  });

  it('end a subscription', async () => {
    const listener = await client();
    const { data } = await send(listener, subscribe({ agents: ['coder'] }), 'subscribed');
    await send(listener, { command: 'unsubscribe', subscription: 'all' }, 'unsubscribed');
    await ingest({ agent_id: 'reviewer' });
    const seq = await ingest({ agent_id: 'coder' });
    expect(await listener.recorded(1)).toMatchObject([{ seq, subscription: data['subscription'] }]);
  });

  it('resume a subscription from a place, each frame once more', async () => {
    const listener = await client();
    const { data } = await listener.next('subscribed');
    const numbers = [await ingest({}), await ingest({}), await ingest({})];
    await listener.recorded(3);
    const command = { command: 'resume', subscription: 'all', since: numbers[0], epoch: data['epoch'] };
    const { data: live } = await send(listener, command, 'live');
    expect(live).toEqual({ subscription: 'all', seq: numbers[2] });
    expect((await listener.recorded(5)).map(({ seq }) => seq)).toEqual([...numbers, ...numbers.slice(1)]);
  });

  it.each<[what: string, command: unknown, code: string, message: RegExp]>([
    ['a text', 'hello', 'INVALID_JSON', /object/],
    ['a list', '[]', 'INVALID_JSON', /object/],
    ['no command', {}, 'VALIDATION_FAILED', /^command: is required/],
    ['a command that there is not', { command: 'drop' }, 'VALIDATION_FAILED', /^command: must be one of/],
    ['an unknown member', subscribe({}, { filters: {} }), 'VALIDATION_FAILED', /^filters: /],
    [
      'an unknown member of a filter',
      subscribe({ agent: ['coder'] }),
      'VALIDATION_FAILED',
      /^filter\.agent: /,
    ],
    ['a type that there is not', subscribe({ types: ['nothing'] }), 'VALIDATION_FAILED', /^filter\.types: /],
    ['an empty list', subscribe({ agents: [] }), 'VALIDATION_FAILED', /^filter\.agents: /],
    ['a text for a list', subscribe({ agents: 'coder' }), 'VALIDATION_FAILED', /^filter\.agents: /],
    [
      'too many values',
      subscribe({ agents: Array.from({ length: 101 }, (_, i) => `a${i}`) }),
      'VALIDATION_FAILED',
      /^filter/,
    ],
    ['half a position', subscribe({}, { since: 1 }), 'VALIDATION_FAILED', /^epoch: /],
    ['a negative position', subscribe({}, { since: -1, epoch: '00' }), 'VALIDATION_FAILED', /^since: /],
    ['__proto__', '{"command":"subscribe","__proto__":{"a":1}}', 'VALIDATION_FAILED', /__proto__/],
    [
      'a subscription that there is not',
      { command: 'resume', subscription: 'x', since: 1, epoch: '00' },
      'SUBSCRIPTION_NOT_FOUND',
      /./,
    ],
    [
      'the end of one that there is not',
      { command: 'unsubscribe', subscription: 'x' },
      'SUBSCRIPTION_NOT_FOUND',
      /./,
    ],
  ])('refuse %s, and change nothing', async (_what, command, code, message) => {
    const listener = await client();
    const { data } = await send(listener, command, 'error');
    expect(data).toMatchObject({ code, message: expect.stringMatching(message) });
    const seq = await ingest({});
    expect((await listener.recorded(1)).map((frame) => frame.seq)).toEqual([seq]);
  });

  it('refuse more than 32 subscriptions', async () => {
    const listener = await client();
    for (let i = 1; i < 32; i += 1) await send(listener, subscribe({ agents: [`a${i}`] }), 'subscribed');
    const { data } = await send(listener, subscribe({ agents: ['one more'] }), 'error');
    expect(data['code']).toBe('TOO_MANY_SUBSCRIPTIONS');
    await send(listener, subscribe({ agents: ['a1'] }), 'subscribed');
  });

  it("refuse another agent's entries to an agent's key, and record that", async () => {
    const key = await aKey(service, 'admin', coder);
    const listener = await client('', key.secret);
    const { data } = await send(listener, subscribe({ agents: ['reviewer'] }), 'error');
    expect(data['code']).toBe('NOT_OWN_AGENT');
    const { body } = await service.request('GET', '/events/audit?operation_type=access.denied&limit=1');
    expect(body[0]).toMatchObject({ principal: { id: key.id }, rbac: { decision: 'denied' } });
    await send(listener, subscribe({ agents: ['coder'] }), 'subscribed');
  });

  it('tell an agent of its own connections alone', async () => {
    const key = await aKey(service, 'admin', coder);
    await client();
    const listener = await client('', key.secret);
    expect((await listener.next('stats')).data['active_connections']).toBe(1);
  });
});
