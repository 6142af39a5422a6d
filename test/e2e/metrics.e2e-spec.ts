import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem, LOCAL, logSize, newestEntries, TIME, UUID } from '../support/answers.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const MINUTE = 60_000;
const fromNow = (ms: number): string => new Date(Date.now() + ms).toISOString();

describe('metrics', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.remove());

  let count = 0;
  const register = async (): Promise<Answer['body']> =>
    (await service.request('POST', '/agents', anAgent({ name: `measured-${++count}` }))).body;
  const post = (body: Record<string, unknown>) => service.request('POST', '/metrics', body);
  const get = async (path: string): Promise<Answer['body']> => {
    const { status, body } = await service.request('GET', `/metrics${path}`);
    expect(status).toBe(200);
    return body;
  };

  describe('recording', () => {
    it('echoes every field, with its id and the id and name of the agent', async () => {
      const agent = await register();
      const sent = {
        metric_type: 'execution',
        execution_time_ms: 1200.125,
        success: false,
        tokens_used: 1_000_000_000_000,
        api_calls: 3,
        cost_usd: 0.015,
        quality_score: 0.87,
        code_violations: 2,
        tasks_completed: 1,
        tasks_failed: 4,
        context: { file: 'src/app.ts', nested: { list: [1, null, 'ü'] } },
        recorded_at: '2026-01-05T10:00:00.123Z',
      };
      const { status, body } = await post({ agent_id: agent.agent_id.toUpperCase(), ...sent });
      expect(status).toBe(201);
      const metric = {
        metric_id: expect.stringMatching(UUID),
        agent_id: agent.agent_id,
        agent_name: agent.name,
        ...sent,
      };
      expect(body).toEqual(metric);
      expect(await get(`?agent_id=${agent.name}`)).toEqual([body]);
    });

    it('answers null for what was not said, and now as the time', async () => {
      const { name } = await register();
      const { status, body } = await post({
        agent_id: name,
        metric_type: 'quality',
        context: null,
        success: null,
      });
      expect(status).toBe(201);
      expect(body).toMatchObject({
        ...{ execution_time_ms: null, success: null, tokens_used: null, api_calls: null, cost_usd: null },
        ...{
          quality_score: null,
          code_violations: null,
          tasks_completed: null,
          tasks_failed: null,
          context: null,
        },
        recorded_at: expect.stringMatching(TIME),
      });
    });

    it('takes the largest and the smallest amounts', async () => {
      const { name } = await register();
      const largest = { execution_time_ms: 1e10, tokens_used: 1e12, cost_usd: 1e6, quality_score: 1 };
      expect((await post({ agent_id: name, metric_type: 'execution', ...largest })).body).toMatchObject(
        largest,
      );
      const smallest = { execution_time_ms: 0, tokens_used: 0, cost_usd: 0, quality_score: 0, api_calls: 0 };
      expect((await post({ agent_id: name, metric_type: 'execution', ...smallest })).body).toMatchObject(
        smallest,
      );
      const digits = { execution_time_ms: 0.001, cost_usd: 0.000001, quality_score: 0.123456789 };
      expect((await post({ agent_id: name, metric_type: 'execution', ...digits })).body).toMatchObject(
        digits,
      );
    });

    it('is answered 404 for an agent that is not registered, and writes nothing', async () => {
      const size = await logSize(service);
      for (const agent of ['nobody', 'unknown', 'system', '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11'])
        expectProblem(await post({ agent_id: agent, metric_type: 'quality' }), 404, 'AGENT_NOT_FOUND');
      expect(await logSize(service)).toBe(size);
    });

    it('reads a time without an offset as UTC, and one with an offset as it says', async () => {
      const { name } = await register();
      const times = {
        '2026-01-05T10:00:00': '2026-01-05T10:00:00.000Z',
        '2026-01-05T10:00:00+02:00': '2026-01-05T08:00:00.000Z',
        '2026-01-05T10:00:00.5Z': '2026-01-05T10:00:00.500Z',
        '2026-01-05': '2026-01-05T00:00:00.000Z',
      };
      for (const [sent, stored] of Object.entries(times)) {
        const { body } = await post({ agent_id: name, metric_type: 'quality', recorded_at: sent });
        expect(body.recorded_at).toBe(stored);
      }
    });

    it('takes times up to five minutes ahead', async () => {
      const { name } = await register();
      const at = (recorded_at: unknown) => post({ agent_id: name, metric_type: 'quality', recorded_at });
      expect((await at(fromNow(4 * MINUTE))).status).toBe(201);
      const times = [
        fromNow(10 * MINUTE),
        '9999-12-31T23:59:59Z',
        'yesterday',
        '10:00',
        '2026-13-01',
        '',
        1767607200000,
      ];
      for (const time of times) expectProblem(await at(time), 422, 'VALIDATION_FAILED', 'recorded_at');
    });

    it('keeps unknown fields in context.extra, beside the context', async () => {
      const { name } = await register();
      const unknown = { session: 's-1', constructor: [1], deep: { a: null } };
      const { body } = await post({
        agent_id: name,
        metric_type: 'quality',
        context: { grade: 'B' },
        ...unknown,
      });
      expect(body.context).toEqual({ grade: 'B', extra: unknown });
      const alone = await post({ agent_id: name, metric_type: 'quality', session: 's-2' });
      expect(alone.body.context).toEqual({ extra: { session: 's-2' } });
      expect(
        (await get(`?agent_id=${name}&limit=2`)).map((metric: Answer['body']) => metric.context),
      ).toEqual([alone.body.context, body.context]);
    });

    it('takes a context of 64 KiB and refuses a larger one, unknown fields included', async () => {
      const { name } = await register();
      const metric = { agent_id: name, metric_type: 'quality' };
      const room = 64 * 1024 - Buffer.byteLength('{"text":""}');
      expect((await post({ ...metric, context: { text: 'x'.repeat(room) } })).status).toBe(201);
      for (const fields of [{ context: { text: 'x'.repeat(room + 1) } }, { text: 'ü'.repeat(room / 2) }])
        expectProblem(await post({ ...metric, ...fields }), 422, 'VALIDATION_FAILED', 'context');
    });

    it('leaves one entry: who, what, through which route, under which request', async () => {
      const agent = await register();
      const size = await logSize(service);
      const headers = { 'x-request-id': 'metric-1' };
      const sent = {
        agent_id: agent.name,
        metric_type: 'quality',
        quality_score: 0.5,
        tokens_used: 7,
        cost_usd: 0.25,
      };
      const { body } = await service.request('POST', '/metrics', sent, { headers });
      expect(await logSize(service)).toBe(size + 1);
      const [entry] = await newestEntries(service);
      expect(entry).toMatchObject({
        agent: { agent_id: agent.agent_id, name: agent.name, role: 'developer' },
        operation: { type: 'metric.record' },
        target: { resource: body.metric_id, type: 'metric' },
        rbac: { decision: 'allowed' },
        cost: { usd: 0.25, tokens_used: 7 },
        ...{ source: 'decided', principal: LOCAL, route: 'POST /api/v1/metrics', outcome: 'success' },
        trace_id: 'metric-1',
      });
    });
  });

  describe('charging', () => {
    const used = async (name: string): Promise<unknown> => {
      const { body } = await service.request('GET', `/registry/agents/${name}/budget`);
      return [body.tokens_used_today, body.cost_used_today];
    };

    it('charges metrics of type cost and no others', async () => {
      const { name } = await register();
      const spent = { agent_id: name, tokens_used: 100, cost_usd: 0.5 };
      for (const type of ['execution', 'quality', 'task_completion'])
        await post({ ...spent, metric_type: type });
      expect(await used(name)).toEqual([0, 0]);
      await post({ ...spent, metric_type: 'cost' });
      await post({ agent_id: name, metric_type: 'cost', cost_usd: 0.25 });
      await post({ agent_id: name, metric_type: 'cost', tokens_used: 11 });
      expect(await used(name)).toEqual([111, 0.75]);
    });

    it('charges the day of arrival, whatever time the metric names', async () => {
      const { name } = await register();
      await post({ agent_id: name, metric_type: 'cost', cost_usd: 1, recorded_at: '2026-01-05T10:00:00Z' });
      expect(await used(name)).toEqual([0, 1]);
    });

    it.each(['toolu_1', 'x'.repeat(400), 'x'.repeat(4096)])(
      'charges a tool use once, by metric or by deduction',
      async (id) => {
        const { name } = await register();
        const metric = { agent_id: name, metric_type: 'cost', cost_usd: 1, context: { tool_use_id: id } };
        await Promise.all([post(metric), post(metric)]);
        await service.request('POST', '/budget/deduct', {
          agent_id: name,
          tokens_used: 5,
          cost_usd: 1,
          tool_use_id: id,
        });
        expect(await used(name)).toEqual([0, 1]);
        expect(await get(`?agent_id=${name}`)).toHaveLength(2);
      },
    );
  });
});
