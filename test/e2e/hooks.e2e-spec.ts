import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callAsHook, type HookAnswer } from '../support/hook-client.js';
import { TestService } from '../support/service.js';

const EVENT =
  '{"agent_id":"system","agent_name":"system","agent_role":"unknown","operation_type":"tool_use",' +
  '"operation_detail":"Write: src/app.ts","target_resource":"src/app.ts","target_type":"file",' +
  '"rbac_decision":"allowed","rbac_reason":null,"cost_usd":0,"tokens_used":null,' +
  '"context":{"session_id":null,"tool_name":"Write","execution_time_ms":0,' +
  '"artifacts":[{"type":"file_created","path":"src/app.ts"}],"metadata":{}}}';
const DEDUCTION =
  '{"agent_id":"coder","agent_role":"developer","tool_name":"Task","tokens_used":5000,"cost_usd":0.015,' +
  '"timestamp":"2026-01-05T10:00:00.000Z"}';
const QUALITY =
  '{"agent_id":"coder","metric_type":"quality","quality_score":0.87,"code_violations":2,' +
  '"context":{"file":"src/app.ts","grade":"B"}}';

// Under both addresses that the default host stands for, with the registry that an empty store gets.
describe.each(['127.0.0.1', 'localhost'])('the hook clients, calling %s', (hostname) => {
  let service: TestService;
  let coderId: string;
  beforeAll(async () => {
    service = await TestService.start({ HOST: 'localhost', SEED_ON_START: 'true' });
    coderId = (await service.request('GET', '/agents/coder')).body.agent_id;
  });
  afterAll(() => service.remove());

  /** As the scripts send bodies: with a length, or in chunks when they leave it out. */
  const post = (path: string, body: string, length = true): Promise<HookAnswer> =>
    callAsHook({
      ...{ hostname, port: service.service.port, path: `/api/v1${path}`, chunks: [body] },
      headers: {
        'Content-Type': 'application/json',
        ...(length ? { 'Content-Length': String(Buffer.byteLength(body)) } : {}),
      },
    });
  const postNothing = (path: string, headers: Record<string, string> = {}): Promise<HookAnswer> =>
    callAsHook({ hostname, port: service.service.port, path: `/api/v1${path}`, headers });
  const without = (body: string, member: string): string => {
    const members = Object.entries(JSON.parse(body) as object).filter(([name]) => name !== member);
    return JSON.stringify(Object.fromEntries(members));
  };

  it.each(['/events/ingest', '/events/ingest/'])('report a tool call to %s', async (path) => {
    for (const length of [true, false]) {
      const { status, body } = await post(path, EVENT, length);
      expect(status).toBe(201);
      expect(body).toMatchObject({
        agent: { agent_id: 'system', name: 'system', role: 'unknown' },
        operation: { type: 'tool_use', detail: 'Write: src/app.ts' },
        target: { resource: 'src/app.ts', type: 'file' },
        rbac: { decision: 'allowed', reason: null },
        cost: { usd: 0, tokens_used: null },
        ...{ source: 'reported', principal: { id: 'local', kind: 'anonymous' } },
      });
      expect(body.context).toEqual((JSON.parse(EVENT) as { context: unknown }).context);
    }
  });

  it.each(['file', 'command', 'agent', 'search', 'unknown'])('report targets of type %s', async (type) => {
    const { status, body } = await post('/events/ingest', EVENT.replace('"file"', `"${type}"`));
    expect({ status, type: body.target.type }).toEqual({ status: 201, type });
  });

  it('report a denied call, with the error as its reason', async () => {
    const denied = {
      ...JSON.parse(EVENT),
      rbac_decision: 'denied',
      rbac_reason: 'Path is outside the scopes',
    };
    const { status, body } = await post('/events/ingest', JSON.stringify(denied));
    expect(status).toBe(201);
    expect(body.rbac).toEqual({ decision: 'denied', reason: 'Path is outside the scopes' });
  });

  it('report for a name or a UUID, and without an agent', async () => {
    for (const agent_id of ['coder', coderId]) {
      const { body } = await post('/events/ingest', JSON.stringify({ ...JSON.parse(EVENT), agent_id }));
      expect(body.agent).toMatchObject({ agent_id: coderId, role: 'developer' });
    }
    const { status, body } = await post('/events/ingest', without(EVENT, 'agent_id'));
    expect({ status, id: body.agent.agent_id }).toEqual({ status: 201, id: 'unknown' });
  });

  it('report a command of any length', async () => {
    const detail = `Bash: echo '${'long '.repeat(150_000)}'`;
    const { status, body } = await post(
      '/events/ingest',
      JSON.stringify({ ...JSON.parse(EVENT), operation_detail: detail }),
    );
    expect(status).toBe(201);
    expect(detail.startsWith(body.operation.detail)).toBe(true);
    expect(body.context.truncated.operation_detail.bytes).toBe(detail.length);
  });

  it.each(['/budget/deduct', '/budget/deduct/'])('book what was spent at %s', async (path) => {
    const before = (await service.request('GET', '/registry/agents/coder/budget')).body;
    const { status, body } = await post(path, DEDUCTION);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      agent_id: coderId,
      tokens_used_today: Number(before.tokens_used_today) + 5000,
      cost_used_today: expect.closeTo(Number(before.cost_used_today) + 0.015, 9),
      remaining_cost: expect.closeTo(before.remaining_cost - 0.015, 9),
      status: 'ok',
    });
  });

  it('book without an agent, or for one that nobody knows, to the account unknown', async () => {
    const bodies = [
      without(DEDUCTION, 'agent_id'),
      DEDUCTION.replace('coder', 'system'),
      DEDUCTION.replace('coder', 'gone-1'),
    ];
    for (const body of bodies) {
      const answer = await post('/budget/deduct', body);
      expect({ status: answer.status, id: answer.body.agent_id }).toEqual({ status: 201, id: 'unknown' });
    }
  });

  it.each(['/metrics/', '/metrics'])('report quality to %s', async (path) => {
    const { status, body } = await post(path, QUALITY);
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...JSON.parse(QUALITY), agent_id: coderId });
  });

  it.each(['activate', 'activate/'])('say that an agent starts, with POST …/%s', async (call) => {
    for (const reference of ['coder', coderId]) {
      const path = `/agents/${reference}/${call}`;
      const answers = [
        await postNothing(path),
        await postNothing(path, { 'Content-Length': '0' }),
        await postNothing(path, { 'Content-Type': 'application/json' }),
        await post(path, '{}'),
        await post(path, '{}', false),
      ];
      for (const { status, body } of answers) {
        expect({ status, id: body.agent_id }).toEqual({ status: 200, id: coderId });
        expect(body.timestamps.last_active_at).not.toBeNull();
      }
    }
  });

  it('are told apart from what a client cannot repair: only an unknown agent is refused', async () => {
    expect((await postNothing('/agents/system/activate')).status).toBe(404);
    expect((await post('/metrics/', QUALITY.replace('coder', 'system'))).status).toBe(404);
  });
});
