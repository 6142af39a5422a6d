import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '#kernel';
import { IdleWatch } from '../../libs/activity/src/fleet/idle-watch.js';
import { eventually } from '../support/eventually.js';
import { anAgent, TestService } from '../support/service.js';
import { newTestStore } from '../support/store.js';
import { listen } from '../support/stream.js';

const AFTER_MS = 10_000;

describe('an idle agent, with two services on one store', () => {
  const store = newTestStore();
  let services: TestService[];
  const start = () => TestService.start({ AGENT_IDLE_AFTER: '10s' }, store);
  beforeAll(async () => {
    services = [await start(), await start()];
    await services[0]!.request('POST', '/agents', anAgent());
    await eventually(
      'that both know it',
      async () => (await of(1).request('GET', '/agents/coder')).status === 200,
    );
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await store.remove();
  });

  /** Both have been there as long, and everything else was before. */
  const pass = (ms: number): void => {
    for (const service of services) {
      const clock = service.get(Clock);
      const before = clock.now.bind(clock);
      clock.now = () => before() + ms;
    }
  };
  const of = (n: number): TestService => services[n % 2]!;
  const told = async () =>
    (await of(0).request('GET', '/events/audit?operation_type=agent.idle')).body as {
      context: Record<string, unknown>;
    }[];
  const active = async (query = '') => (await of(1).request('GET', `/activity/active${query}`)).body;

  it('is told of once, in the log and on the stream of both', async () => {
    const heard = await Promise.all(services.map((service) => listen(service)));
    await of(0).request('POST', '/agents/coder/activate', { session_id: 's-1' });
    await of(1).request('POST', '/events/ingest', {
      ...{ agent_id: 'coder', operation_type: 'tool_use', context: { session_id: 's-1' } },
    });
    const [{ last_seen_at: seen }] = await active('?status=active');
    pass(AFTER_MS);
    const frames = () => heard.map((client) => client.frames.filter(({ type }) => type === 'agent_idle'));
    await eventually('the frame', () => frames().every(({ length }) => length > 0));
    const context = {
      ...{ agent_name: 'coder', session_id: 's-1', idle_since: seen, last_operation: 'tool_use' },
    };
    // One tells; the other looks as well, and finds nothing to tell.
    await Promise.all(services.map((service) => service.get(IdleWatch).look()));
    for (const told of frames())
      expect(told.map(({ data }) => data)).toEqual([expect.objectContaining(context)]);
    expect((await told()).map((entry) => entry.context)).toEqual([frames()[0]![0]!.data]);
    expect(await active('?status=active')).toEqual([]);
    expect((await active())[0]).toMatchObject({ status: 'idle', activated: true, idle_since: seen });
    heard.forEach((client) => client.ws.close());
  });

  it('is active again with the next event, and idle once more after it', async () => {
    await of(0).request('POST', '/events/ingest', { agent_id: 'coder', context: { session_id: 's-1' } });
    expect((await active())[0]).toMatchObject({ status: 'active', idle_since: null });
    pass(AFTER_MS);
    await eventually('the second spell', async () => (await told()).length === 2);
    const { body } = await of(0).request('GET', '/activity/sessions/s-1?order=oldest');
    expect(body.timeline.map((row: { operation_type: string }) => row.operation_type)).toEqual([
      ...['agent.activate', 'tool_use', 'agent.idle', 'unknown', 'agent.idle'],
    ]);
    expect(body).toMatchObject({ active: true, entries: 5, last_operation: { type: 'unknown' } });
  });

  it('is not told of again by a service that starts', async () => {
    await services.pop()!.stop();
    services.push(await start());
    pass(2 * AFTER_MS);
    await of(0).request('POST', '/agents/coder/activate', { session_id: 's-2' });
    pass(AFTER_MS);
    await eventually('what is told of another session', async () => (await told()).length === 3);
    expect((await told()).map(({ context }) => context['session_id'])).toEqual(['s-2', 's-1', 's-1']);
  });
});
