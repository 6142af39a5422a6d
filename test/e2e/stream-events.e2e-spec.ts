import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey, register } from '../support/access-calls.js';
import { EventStreamListener } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_KEY, TestService } from '../support/service.js';

describe('the stream as Server-Sent Events', () => {
  let service: TestService;
  let agent: { id: string; name: string };
  const open: EventStreamListener[] = [];
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    agent = await register(service, 'coder');
  });
  afterEach(async () => {
    for (const listener of open.splice(0)) await listener.close();
    await eventually(
      'all clients to be gone',
      async () => (await service.request('GET', '/websocket/health')).body.active_connections === 0,
    );
  });
  afterAll(() => service.remove());

  async function follow(query = '', headers: Record<string, string> = {}): Promise<EventStreamListener> {
    const listener = await EventStreamListener.open(service, query, { 'x-api-key': ADMIN_KEY, ...headers });
    open.push(listener);
    await listener.next('stats');
    return listener;
  }
  const ingest = async (body: object) => (await service.request('POST', '/events/ingest', body)).body;

  it('sends the frames of the socket, each with its position as its id', async () => {
    const listener = await follow();
    expect(listener.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    });
    const { data } = await listener.next('subscribed');
    const entry = await ingest({ operation_type: 'tool_use', operation_detail: 'two\nlines\r\nand 🤖' });
    const [event] = await listener.recorded(1);
    const { epoch, seq } = data.data as { epoch: string; seq: number };
    expect(event).toEqual({
      id: `${epoch}-${entry.seq}`,
      event: 'rbac_decision',
      data: expect.objectContaining({
        type: 'rbac_decision',
        seq: entry.seq,
        prev_seq: seq,
        subscription: 'all',
        timestamp: entry.timestamp,
        data: expect.objectContaining({
          audit_id: entry.audit_id,
          operation_detail: entry.operation.detail,
        }),
      }),
    });
  });

  it('replays behind Last-Event-ID what was missed, then goes on', async () => {
    const first = await follow();
    await ingest({ operation_type: 'seen' });
    const [seen] = await first.recorded(1);
    await first.close();
    const missed = [await ingest({}), await ingest({}), await ingest({})];
    const second = await follow('', { 'Last-Event-ID': seen?.id ?? '' });
    const live = await ingest({});
    const events = await second.recorded(4);
    expect(events.map(({ data }) => data.seq)).toEqual([...missed, live].map(({ seq }) => seq));
    expect(events[0]?.data.prev_seq).toBe(seen?.data.seq);
  });

  it('says that history is lost for a position of another log', async () => {
    const listener = await follow('?since=1&epoch=00');
    expect((await listener.next('history_lost')).data.data).toMatchObject({ oldest_seq: 1 });
  });

  it('sends what a filter asks for alone', async () => {
    const listener = await follow('?agent=coder&decision=denied,requires_approval');
    await ingest({ agent_id: 'coder', rbac_decision: 'allowed' });
    await ingest({ agent_id: 'other', rbac_decision: 'denied' });
    const wanted = await ingest({ agent_id: 'coder', rbac_decision: 'denied' });
    expect((await listener.recorded(1)).map(({ data }) => data.seq)).toEqual([wanted.seq]);
  });

  it("shows an agent's key its own entries alone, in the stream and in pages", async () => {
    const { secret: key } = await aKey(service, 'admin', agent);
    const listener = await follow('', { 'x-api-key': key });
    const before = (await ingest({ agent_id: 'other' })).seq;
    const own = await ingest({ agent_id: 'coder' });
    expect((await listener.recorded(1)).map(({ data }) => data.seq)).toEqual([own.seq]);
    const { body } = await service.request('GET', `/activity?after_seq=${before - 1}`, undefined, { key });
    expect(body.frames.map(({ seq }: { seq: number }) => seq)).toEqual([own.seq]);
    expect(body.next_after_seq).toBe(own.seq);
  });

  it('ends for a client that does not read, which comes back and misses nothing', async () => {
    const slow = await follow();
    slow.response.pause();
    const operation_detail = 'x'.repeat(4_000);
    const events = Array.from({ length: 1_000 }, () => ({ operation_detail }));
    let newest = 0;
    for (let batch = 0; batch < 40 && !slow.response.destroyed; batch += 1) {
      const { body } = await service.request('POST', '/events/ingest/batch', events);
      newest += Number(body.accepted);
      const { body: health } = await service.request('GET', '/websocket/health');
      if (health.active_connections === 0) break;
    }
    slow.response.resume();
    await slow.ended;
    const got = slow.events.filter(({ data }) => data.seq !== undefined);
    expect(got.length).toBeLessThan(newest);
    const back = await follow('', {
      'Last-Event-ID': slow.events.findLast(({ id }) => id !== null)?.id ?? '',
    });
    await back.next('live');
    const rest = back.events.filter(({ data }) => data.seq !== undefined);
    const numbers = [...got, ...rest].map(({ data }) => data.seq ?? 0);
    expect(numbers).toEqual(numbers.map((_seq, index) => (numbers[0] ?? 0) + index));
    expect(numbers.length).toBe(newest);
  });

  it('lets go of a client that is gone before its answer begins', async () => {
    const told = await TestService.start({ AUDIT_READS: 'true' });
    for (let i = 0; i < 20; i += 1) {
      const socket = connect(told.service.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(
        'GET /api/v1/agents/activity/events HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1 + (i % 3)),
      );
      await new Promise((resolve) => setTimeout(resolve, i));
      socket.resetAndDestroy();
    }
    await eventually(
      'all clients to be gone',
      async () => (await told.request('GET', '/websocket/health')).body.active_connections === 0,
    );
    await told.remove();
  });

  it('ends when the key is revoked', async () => {
    const key = await aKey(service, 'analyst');
    const listener = await follow('', { 'x-api-key': key.secret });
    await service.request('DELETE', `/keys/${key.id}`);
    await listener.ended;
  });

  it.each([
    ['?since=1', 'epoch'],
    ['?epoch=00', 'since'],
    ['?since=-1&epoch=00', 'since'],
    ['?type=nothing', 'type'],
    ['?decision=perhaps', 'decision'],
    ['?agent=,', 'agent'],
    [`?role=${'x,'.repeat(101)}x`, 'role'],
  ])('refuses %s', async (query, path) => {
    for (const target of [`/agents/activity/events${query}`, `/activity${query}`]) {
      if (target.startsWith('/activity') && /since|epoch/.test(query)) continue;
      const { status, body } = await service.request('GET', target);
      expect([target, status, body.code]).toEqual([target, 422, 'VALIDATION_FAILED']);
      expect(body.errors[0].path).toBe(path);
    }
  });

  it('refuses a Last-Event-ID of something else', async () => {
    const { status, body } = await service.request('GET', '/agents/activity/events', undefined, {
      headers: { 'Last-Event-ID': '17' },
    });
    expect([status, body.code]).toEqual([422, 'VALIDATION_FAILED']);
  });
});

describe('the stream by pages', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
    const events = Array.from({ length: 300 }, (_, i) => ({
      agent_id: i % 3 === 0 ? 'coder' : 'other',
      operation_type: `n-${i}`,
    }));
    await service.request('POST', '/events/ingest/batch', events);
  });
  afterAll(() => service.remove());

  const page = async (query: string) => service.request('GET', `/activity${query}`);

  it.each(['', '&agent=coder', '&type=metric_recorded'])('gives each frame once, with %j', async (filter) => {
    const seen: { seq: number; prev_seq: number; data: { agent_id: string } }[] = [];
    let [after, pages] = [0, 0];
    for (;;) {
      const { status, body } = await page(`?after_seq=${after}&limit=37${filter}`);
      expect(status).toBe(200);
      seen.push(...body.frames);
      if (body.next_after_seq === body.newest_seq) break;
      expect(body.next_after_seq).toBeGreaterThan(after);
      [after, pages] = [body.next_after_seq, pages + 1];
    }
    const { body: all } = await page('?limit=1000');
    const wanted = all.frames.filter(
      ({ type, data }: { type: string; data: { agent_id: string } }) =>
        filter === '' || (filter.includes('coder') ? data.agent_id === 'coder' : type === 'metric_recorded'),
    );
    expect(seen.map(({ seq }) => seq)).toEqual(wanted.map(({ seq }: { seq: number }) => seq));
    let position = 0;
    for (const { seq, prev_seq: previous } of seen) {
      expect(previous).toBeLessThanOrEqual(position);
      position = seq;
    }
    expect(pages).toBeGreaterThan(filter.includes('metric') ? -1 : 1);
  });

  it('answers 410 where the log is another one or ends before', async () => {
    const { body: newest } = await page('?limit=1');
    for (const query of [`?after_seq=1&epoch=00`, `?after_seq=${Number(newest.newest_seq) + 1}`]) {
      const { status, body } = await page(query);
      expect([status, body.code, body.oldest_seq]).toEqual([410, 'HISTORY_LOST', 1]);
    }
    expect((await page(`?after_seq=${newest.newest_seq}&epoch=${newest.epoch}`)).body.frames).toEqual([]);
  });
});
