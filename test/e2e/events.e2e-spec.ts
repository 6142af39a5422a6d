import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expectProblem, LOCAL, logSize, newestEntries, TIME, UUID } from '../support/answers.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

describe('ingesting events', () => {
  let service: TestService;
  let coder: Answer['body'];
  beforeAll(async () => {
    service = await TestService.start();
    coder = (await service.request('POST', '/agents', anAgent())).body;
  });
  afterAll(() => service.remove());

  /** Ingests, and makes sure that the log shows what was answered. */
  const ingest = async (event: unknown): Promise<Answer['body']> => {
    const answer = await service.request('POST', '/events/ingest', event);
    expect(answer.status).toBe(201);
    expect(await newestEntries(service)).toEqual([answer.body]);
    return answer.body;
  };

  it.each([
    [undefined],
    [{}],
    [{ agent_id: null, operation_type: null, context: null, rbac_decision: null }],
  ])('needs no field: %j is an entry of defaults', async (event) => {
    const size = await logSize(service);
    const headers = { 'x-request-id': 'event-1' };
    const { status, body } = await service.request('POST', '/events/ingest', event, { headers });
    expect(status).toBe(201);
    expect(body).toEqual({
      audit_id: expect.stringMatching(UUID),
      seq: size + 1,
      agent: { agent_id: 'unknown', name: 'unknown', role: 'unknown' },
      operation: { type: 'unknown', detail: null },
      target: { resource: null, type: null },
      rbac: { decision: 'unknown', reason: null },
      cost: { usd: null, tokens_used: null },
      context: null,
      timestamp: expect.stringMatching(TIME),
      source: 'reported',
      principal: LOCAL,
      route: null,
      outcome: null,
      trace_id: 'event-1',
      redacted: false,
    });
  });

  it('keeps every field that is sent', async () => {
    const context = { session_id: 's-1', metadata: { list: [1, 'ü', null, { a: false }] }, constructor: 1 };
    const body = await ingest({
      agent_id: 'main',
      agent_name: 'The main one',
      agent_role: 'developer',
      operation_type: 'file_access',
      operation_detail: 'Read: src/app.ts',
      target_resource: 'src/app.ts',
      target_type: 'file',
      rbac_decision: 'denied',
      rbac_reason: 'Path is outside the scopes.',
      cost_usd: 0.0000015,
      tokens_used: 1_000_000_000_000,
      context,
    });
    expect(body).toMatchObject({
      agent: { agent_id: 'main', name: 'The main one', role: 'developer' },
      operation: { type: 'file_access', detail: 'Read: src/app.ts' },
      target: { resource: 'src/app.ts', type: 'file' },
      rbac: { decision: 'denied', reason: 'Path is outside the scopes.' },
      cost: { usd: 0.000002, tokens_used: 1_000_000_000_000 },
    });
    expect(body.context).toEqual(context);
  });

  it('charges nothing for a reported cost', async () => {
    await ingest({ agent_id: 'coder', cost_usd: 5, tokens_used: 5 });
    const { body } = await service.request('GET', '/registry/agents/coder/budget');
    expect(body).toMatchObject({ tokens_used_today: 0, cost_used_today: 0 });
  });

  it('takes name and role from the registry, for the id in any case and for the name', async () => {
    for (const agent_id of [coder.agent_id, coder.agent_id.toUpperCase(), 'coder']) {
      const { agent } = await ingest({ agent_id });
      expect(agent).toEqual({ agent_id: coder.agent_id, name: 'coder', role: 'developer' });
    }
  });

  it('lets the registered role win over a reported one, which stays visible', async () => {
    const { agent, context } = await ingest({ agent_id: 'coder', agent_role: 'admin' });
    expect(agent.role).toBe('developer');
    expect(context).toEqual({ claimed_role: 'admin' });
  });

  it.each(['system', 'main', 'Coder', '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11', '__proto__', '🤖'])(
    'keeps %j, which names no agent, as it was sent',
    async (agent_id) => {
      const { agent } = await ingest({ agent_id });
      expect(agent).toEqual({ agent_id, name: agent_id, role: 'unknown' });
    },
  );

  it.each(['allowed', 'denied', 'requires_approval'])('takes the decision %s', async (rbac_decision) => {
    expect((await ingest({ rbac_decision })).rbac.decision).toBe(rbac_decision);
  });

  it.each(['unknown', 'maybe', '', 'Allowed', 1, true, {}, []])(
    'refuses the decision %j',
    async (rbac_decision) => {
      const size = await logSize(service);
      const answer = await service.request('POST', '/events/ingest', { rbac_decision });
      expectProblem(answer, 422, 'VALIDATION_FAILED', 'rbac_decision');
      expect(await logSize(service)).toBe(size);
    },
  );

  describe('with unknown fields', () => {
    it('keeps them in context.extra, beside the context', async () => {
      const unknown = { hook_version: '1.2', toString: 'x', nested: { a: [null] } };
      expect((await ingest({ context: { a: 1 }, ...unknown })).context).toEqual({ a: 1, extra: unknown });
      expect((await ingest(unknown)).context).toEqual({ extra: unknown });
    });

    it('keeps __proto__ and constructor as plain data', async () => {
      const members = '"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}';
      const { context } = await ingest(`{${members},"context":{${members}}}`);
      const plain = [
        ['__proto__', { admin: true }],
        ['constructor', { prototype: { admin: true } }],
      ];
      expect(Object.entries(context.extra)).toEqual(plain);
      expect(Object.entries(context).filter(([name]) => name !== 'extra')).toEqual(plain);
      expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    });
  });

  it.each([33, 1_000, 100_000])('keeps an event whose context nests %d levels deep', async (levels) => {
    const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;
    for (const event of [
      `{"operation_type":"deep","context":{"a":${deep}}}`,
      `{"operation_type":"deep","a":${deep}}`,
    ]) {
      const { operation, context } = await ingest(event);
      expect(operation.type).toBe('deep');
      expect(context.too_deep).toBe(true);
    }
  });

  it('takes any JSON object', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6 }),
        async (fields) => {
          const unknown = Object.fromEntries(
            Object.entries(fields).map(([key, value]) => [`x-${key}`, value]),
          );
          const { status, body } = await service.request('POST', '/events/ingest', {
            ...unknown,
            context: fields,
          });
          expect(status).toBe(201);
          expect((await newestEntries(service))[0]).toEqual(body);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('gives events that arrive together numbers without gaps', async () => {
    const size = await logSize(service);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        service.request('POST', '/events/ingest', { operation_detail: `${i}` }),
      ),
    );
    const numbers = answers.map((answer) => answer.body.seq).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, i) => size + 1 + i));
  });
});
