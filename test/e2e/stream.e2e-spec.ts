import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { sendUpgrade } from '../support/raw-http.js';
import { TestService } from '../support/service.js';
import { register } from '../support/access-calls.js';
import { eventsOf, GREETINGS, listen, STREAM_PATHS, type StreamListener } from '../support/stream.js';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const MAX_PAYLOAD = 64 * 1024;

describe('the stream, RBAC off', () => {
  let service: TestService;
  let agent: { id: string; name: string };
  const open: StreamListener[] = [];
  beforeAll(async () => {
    service = await TestService.start();
    agent = await register(service, 'coder');
  });
  afterEach(async () => {
    for (const { ws, closed } of open.splice(0)) {
      ws.terminate();
      await closed;
    }
    await eventually('all clients to be gone', async () => (await health()).active_connections === 0);
  });
  afterAll(() => service.remove());

  async function client(path?: string): Promise<StreamListener> {
    const listener = await listen(service, path);
    open.push(listener);
    return listener;
  }
  const health = async () => (await service.request('GET', '/websocket/health')).body;
  const post = async (path: string, body?: unknown) => (await service.request('POST', path, body)).body;
  const newest = async () => (await service.request('GET', '/events/audit?limit=1')).body[0];

  it.each(STREAM_PATHS)('greets a client on %s, then tells it how things stand', async (path) => {
    const { frames } = await client(path);
    const { seq } = await newest();
    const place = { epoch: expect.stringMatching(/^[0-9a-f]+$/), seq };
    expect(frames).toEqual([
      { type: 'connection', message: expect.any(String), timestamp: TIME },
      { type: 'stats', data: { total_agents: 1, active_connections: 1, ...place }, timestamp: TIME },
      { type: 'subscribed', data: { subscription: 'all', filter: {}, ...place }, timestamp: TIME },
    ]);
  });

  it('counts its clients', async () => {
    const endpoint = STREAM_PATHS[0];
    expect(await health()).toEqual({ status: 'healthy', active_connections: 0, endpoint });
    const [first] = [await client('/ws'), await client(endpoint), await client('/ws')];
    expect(await health()).toEqual({ status: 'healthy', active_connections: 3, endpoint });
    expect((await client()).frames[1]?.data).toMatchObject({ total_agents: 1, active_connections: 4 });
    first.ws.close();
    await eventually('the client not to be counted', async () => (await health()).active_connections === 3);
  });

  it.each(STREAM_PATHS)('sends what happens to a client on %s', async (path) => {
    const listener = await client(path);
    const {
      audit_id: auditId,
      seq,
      timestamp,
    } = await post('/events/ingest', { operation_type: 'tool_use' });
    const frames = await eventsOf(service, listener);
    expect(frames).toEqual([
      expect.objectContaining({
        type: 'rbac_decision',
        seq,
        timestamp,
        data: expect.objectContaining({ audit_id: auditId }),
      }),
    ]);
  });

  describe('sends exactly what the contract states:', () => {
    it('rbac_decision, for what is reported', async () => {
      const listener = await client();
      const entry = await post('/events/ingest', {
        agent_id: 'coder',
        operation_type: 'file_access',
        operation_detail: 'Write: src/ä.ts',
        target_resource: 'src/ä.ts',
        target_type: 'file',
        rbac_decision: 'denied',
        rbac_reason: 'out of scope',
        cost_usd: 0.5,
        context: { secret: 'not for the stream' },
      });
      const [frame, ...more] = await eventsOf(service, listener);
      expect(frame).toEqual({
        type: 'rbac_decision',
        data: {
          audit_id: entry.audit_id,
          agent_id: agent.id,
          agent_name: 'coder',
          agent_role: 'developer',
          operation_type: 'file_access',
          operation_detail: 'Write: src/ä.ts',
          target_resource: 'src/ä.ts',
          decision: 'denied',
          reason: 'out of scope',
        },
        timestamp: entry.timestamp,
        seq: entry.seq,
      });
      expect(more).toEqual([]);
    });

    it('rbac_decision with nulls, for what is hardly reported', async () => {
      const listener = await client();
      const entry = await post('/events/ingest', {});
      const [frame] = await eventsOf(service, listener);
      expect(frame?.data).toEqual({
        audit_id: entry.audit_id,
        agent_id: 'unknown',
        agent_name: 'unknown',
        agent_role: 'unknown',
        operation_type: 'unknown',
        operation_detail: null,
        target_resource: null,
        decision: 'unknown',
        reason: null,
      });
    });

    it('metric_recorded, the metric itself', async () => {
      const listener = await client();
      const metric = await post('/metrics', {
        agent_id: 'coder',
        metric_type: 'quality',
        quality_score: 0.25,
      });
      const { seq, timestamp } = await newest();
      expect(await eventsOf(service, listener)).toEqual([
        { type: 'metric_recorded', data: metric, timestamp, seq },
      ]);
    });

    it('budget_updated, for a deduction', async () => {
      const listener = await client();
      const account = await post('/budget/deduct', { agent_id: 'coder', tokens_used: 10, cost_usd: 0.25 });
      const { seq, timestamp } = await newest();
      expect(await eventsOf(service, listener)).toEqual([
        { type: 'budget_updated', data: budgetOf(account, 'deduct'), timestamp, seq },
      ]);
      expect(account.remaining_cost).toBeGreaterThan(0);
    });

    it('budget_updated, for the account of nobody', async () => {
      const listener = await client();
      await post('/budget/deduct', { tokens_used: 10, cost_usd: 0.25 });
      const [frame] = await eventsOf(service, listener);
      expect(frame?.data).toMatchObject({ agent_id: 'unknown', agent_name: 'unknown', remaining_cost: null });
    });

    it('metric_recorded and then budget_updated, for a metric of type cost', async () => {
      const listener = await client();
      const metric = await post('/metrics', {
        agent_id: 'coder',
        metric_type: 'cost',
        cost_usd: 1,
        tokens_used: 5,
      });
      const { seq, timestamp } = await newest();
      const account = (await service.request('GET', '/registry/agents/coder/budget')).body;
      expect(await eventsOf(service, listener)).toEqual([
        { type: 'metric_recorded', data: metric, timestamp: TIME, seq: seq - 1 },
        { type: 'budget_updated', data: budgetOf(account, 'metric'), timestamp, seq },
      ]);
    });

    it.each([{}, { session_id: 's-1', task: 'mend it' }])('agent_activated, with %j', async (said) => {
      const listener = await client();
      await post('/agents/coder/activate', said);
      const { seq, timestamp } = await newest();
      const data = {
        agent_id: agent.id,
        agent_name: 'coder',
        role: 'developer',
        session_id: null,
        task: null,
        ...said,
      };
      expect(await eventsOf(service, listener)).toEqual([{ type: 'agent_activated', data, timestamp, seq }]);
    });

    it.each([
      { success: false },
      { success: true, execution_time_ms: 12.5, session_id: 's-1', task: 'mend it' },
    ])('agent_completed and nothing else, with %j', async (said) => {
      const listener = await client();
      await post(`/agents/${agent.id}/complete`, said);
      const { seq, timestamp } = await newest();
      const unsaid = { session_id: null, task: null, execution_time_ms: null };
      const data = { agent_id: agent.id, agent_name: 'coder', role: 'developer', ...unsaid, ...said };
      expect(await eventsOf(service, listener)).toEqual([{ type: 'agent_completed', data, timestamp, seq }]);
    });

    /** The contract's members, and where the charge came from. */
    function budgetOf(account: Record<string, unknown>, source: string) {
      const { agent_id, tokens_used_today, cost_used_today, remaining_cost, status } = account;
      const sums = { tokens_used_today, cost_used_today, remaining_cost, status };
      return { agent_id, agent_name: 'coder', ...sums, source };
    }
  });

  it('sends nothing for a change of the registry, nor for a call that fails', async () => {
    const listener = await client();
    await register(service, 'brief');
    await service.request('PUT', '/agents/brief', { role_reasoning: 'x' });
    await service.request('DELETE', '/agents/brief');
    await post('/metrics', { agent_id: 'nobody', metric_type: 'execution' });
    await post('/agents/coder/complete', { success: 'perhaps' });
    expect(await eventsOf(service, listener)).toEqual([]);
  });

  it('sends frames in the order of the log, whatever came at once', async () => {
    const listeners = [await client(), await client(STREAM_PATHS[0])];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_none, i) => post('/events/ingest', { operation_type: `at-once-${i}` })),
    );
    const sent = answers.sort((a, b) => a.seq - b.seq).map((entry) => [entry.seq, entry.audit_id]);
    for (const listener of listeners) {
      const frames = await eventsOf(service, listener);
      expect(frames.slice(0, 60).map(({ seq, data }) => [seq, data['audit_id']])).toEqual(sent);
    }
  });

  it.each<[what: string, message: string | Buffer]>([
    ['a text', 'hello?'],
    ['an empty text', ''],
    ['a JSON message', '{"type":"subscribe","agent_id":"coder"}'],
    ['JSON that names a handler of Nest', '{"event":"message","data":{}}'],
    ['a JSON null', 'null'],
    ['broken JSON', '{"type":'],
    ['bytes', Buffer.from([0, 1, 2, 255])],
    ['a text as long as may be', 'x'.repeat(MAX_PAYLOAD)],
  ])('answers %s with an error, and goes on', async (_what, message) => {
    const listener = await client();
    listener.ws.send(message);
    const frames = await listener.received(GREETINGS + 1);
    const error = { code: expect.any(String), message: expect.any(String) };
    expect(frames.at(-1)).toMatchObject({ type: 'error', data: error, timestamp: TIME });
    expect(await eventsOf(service, listener)).toHaveLength(1);
  });

  it('answers a ping', async () => {
    const { ws } = await client();
    const pong = once(ws, 'pong');
    ws.ping('are you there');
    expect(String((await pong)[0])).toBe('are you there');
  });

  it.each([
    ['one frame', (ws: StreamListener['ws']) => ws.send('x'.repeat(MAX_PAYLOAD + 1))],
    [
      'fragments',
      (ws: StreamListener['ws']) => {
        ws.send('x'.repeat(MAX_PAYLOAD), { fin: false });
        ws.send('x', { fin: true });
      },
    ],
  ])(
    'closes a client that sends more than 64 KiB in %s with 1009, and no other',
    async (_what, sendTooMuch) => {
      const [careless, other] = [await client(), await client()];
      sendTooMuch(careless.ws);
      expect((await careless.closed).code).toBe(1009);
      expect(await eventsOf(service, other)).toEqual([]);
      expect(other.ws.readyState).toBe(other.ws.OPEN);
    },
  );

  it.each([
    '/',
    '/ws/x',
    '/WS',
    '//ws',
    '/api/v1',
    '/api/v1/ws',
    '/api/v1/agents',
    '/health',
    '/docs',
    '/ws%2f',
  ])('has nothing at %s', async (target) => {
    const headers = [['Host', 'localhost']] as const;
    const { status, text, headers: answered } = await sendUpgrade(service.service.port, { target, headers });
    expect(status).toBe(404);
    expect(JSON.parse(text)).toMatchObject({ code: 'NOT_FOUND', trace_id: answered['x-request-id'] });
  });
});
