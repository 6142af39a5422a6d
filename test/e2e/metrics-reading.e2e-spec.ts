import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expectProblem } from '../support/answers.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const DAY = 86_400_000;
const daysAgo = (days: number): string => new Date(Date.now() - days * DAY).toISOString();

describe('reading metrics', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.remove());

  let count = 0;
  const register = async (): Promise<Answer['body']> =>
    (await service.request('POST', '/agents', anAgent({ name: `measured-${++count}` }))).body;
  const post = async (body: Record<string, unknown>): Promise<Answer['body']> => {
    const answer = await service.request('POST', '/metrics', { metric_type: 'execution', ...body });
    expect(answer.status).toBe(201);
    return answer.body;
  };
  const get = async (path: string): Promise<Answer['body']> => {
    const { status, body } = await service.request('GET', `/metrics${path}`);
    expect({ path, status }).toEqual({ path, status: 200 });
    return body;
  };

  describe('the list', () => {
    const TIMES = [
      '2026-01-05T09:59:59.999Z',
      '2026-01-05T10:00:00.000Z',
      '2026-01-05T10:59:59.999Z',
      '2026-01-05T11:00:00.000Z',
    ];
    const times = async (query: string): Promise<string[]> =>
      (await get(`?agent_id=timed${query}`)).map((metric: { recorded_at: string }) => metric.recorded_at);

    beforeAll(async () => {
      await service.request('POST', '/agents', anAgent({ name: 'timed' }));
      for (const recorded_at of [2, 0, 3, 1].map((index) => TIMES[index]))
        await post({ agent_id: 'timed', recorded_at });
    });

    it('is newest first by the time that was recorded, in pages', async () => {
      const newest = [...TIMES].reverse();
      expect(await times('')).toEqual(newest);
      expect(await times('&skip=1&limit=2')).toEqual(newest.slice(1, 3));
      expect(await times('&skip=4&limit=1000')).toEqual([]);
    });

    it('is newest first by id among equal times', async () => {
      const { agent_id } = await register();
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.push((await post({ agent_id, recorded_at: TIMES[0] })).metric_id);
      const listed = (await get(`?agent_id=${agent_id}`)).map((metric: Answer['body']) => metric.metric_id);
      expect(listed).toEqual([...ids].sort().reverse());
    });

    it('takes ranges as half-open: the start is in, the end is out', async () => {
      expect(await times('&start_date=2026-01-05T10:00:00Z&end_date=2026-01-05T11:00:00Z')).toEqual([
        TIMES[2],
        TIMES[1],
      ]);
      expect(await times('&start_date=2026-01-05T11:00:00.000Z')).toEqual([TIMES[3]]);
      expect(await times('&end_date=2026-01-05T10:00:00Z')).toEqual([TIMES[0]]);
      expect(await times('&start_date=2026-01-05T10:00:00Z&end_date=2026-01-05T10:00:00Z')).toEqual([]);
      expect(await times('&start_date=2026-01-05&end_date=2026-01-06')).toHaveLength(4);
    });

    it('reads times without an offset as UTC, and offsets in each way that clients write them', async () => {
      const from = [
        '2026-01-05T11:00:00',
        '2026-01-05T13:00:00%2B02:00',
        '2026-01-05T13:00:00+02:00',
        '2026-01-05T06:00:00-05:00',
      ];
      for (const start of from) expect(await times(`&start_date=${start}`)).toEqual([TIMES[3]]);
      for (const start of ['10:00', 'now', '2026-02-30', '12345678901234567890', '0001-01-01T00:00:00Z'])
        expectProblem(
          await service.request('GET', `/metrics?start_date=${start}`),
          422,
          'VALIDATION_FAILED',
          'start_date',
        );
    });

    it('filters by type and agent, by name and by id; what names nobody has none', async () => {
      const { agent_id, name } = await register();
      await post({ agent_id, metric_type: 'quality' });
      await post({ agent_id, metric_type: 'cost' });
      expect(await get(`?agent_id=${name}&metric_type=cost`)).toMatchObject([
        { agent_id, metric_type: 'cost' },
      ]);
      expect(await get(`?agent_id=${agent_id.toUpperCase()}`)).toHaveLength(2);
      expect(await get(`?agent_id=${name}&metric_type=&start_date=`)).toHaveLength(2);
      expect(await get('?agent_id=nobody')).toEqual([]);
      for (const query of ['metric_type=speed', 'limit=0', 'limit=1001', 'skip=-1', 'end_date=x'])
        expectProblem(
          await service.request('GET', `/metrics?${query}`),
          422,
          'VALIDATION_FAILED',
          query.split('=')[0]!,
        );
    });
  });

  describe('the sums', () => {
    it('are 0 where there is nothing', async () => {
      const { agent_id, name } = await register();
      expect(await get(`/aggregate?agent_id=${name}`)).toEqual({
        ...{ count: 0, avg_execution_time_ms: 0, success_rate: 0, total_cost_usd: 0 },
        ...{ total_tokens_used: 0, avg_quality_score: 0, time_range_days: 7 },
      });
      expect(await get(`/agent/${name}/summary`)).toEqual({
        agent_id,
        total_metrics: 0,
        performance: {
          avg_execution_time_ms: 0,
          success_rate: 0,
          total_tasks_completed: 0,
          total_tasks_failed: 0,
        },
        cost: { total_cost_usd: 0, total_tokens_used: 0 },
        quality: { avg_quality_score: 0 },
      });
      expect(await get(`/quality?agent_id=${name}&days=20`)).toEqual({
        ...{ overall_quality_score: 0, total_code_violations: 0, metrics_analyzed: 0, period_days: 20 },
      });
      expect(await get(`/resources/usage?agent_id=${name}&days=1`)).toEqual({
        ...{ total_tokens_used: 0, total_cost_usd: 0, total_api_calls: 0, period_days: 1 },
      });
    });

    it('count successes among the metrics that say, and average over those that hold the value', async () => {
      const { agent_id, name } = await register();
      const metrics = [
        {
          success: true,
          execution_time_ms: 100,
          cost_usd: 0.1,
          tokens_used: 10,
          api_calls: 1,
          tasks_completed: 2,
        },
        { success: true, execution_time_ms: 0, cost_usd: 0.2, quality_score: 1, code_violations: 5 },
        { success: false, tasks_failed: 3, quality_score: 0 },
        { metric_type: 'quality', quality_score: 0.25, code_violations: 2 },
        { metric_type: 'quality', code_violations: 1, api_calls: 4 },
        { metric_type: 'quality', quality_score: 0.75 },
      ];
      for (const metric of metrics) await post({ agent_id, ...metric });
      const performance = { avg_execution_time_ms: 50, success_rate: expect.closeTo(2 / 3, 12) };
      expect(await get(`/aggregate?agent_id=${name}`)).toEqual({
        ...{ count: 6, ...performance, total_cost_usd: 0.3, total_tokens_used: 10 },
        ...{ avg_quality_score: 0.5, time_range_days: 7 },
      });
      expect(await get(`/aggregate?agent_id=${name}&metric_type=quality`)).toMatchObject({
        ...{ count: 3, avg_execution_time_ms: 0, success_rate: 0, avg_quality_score: 0.5 },
      });
      expect(await get(`/agent/${agent_id}/summary`)).toEqual({
        agent_id,
        total_metrics: 6,
        performance: { ...performance, total_tasks_completed: 2, total_tasks_failed: 3 },
        cost: { total_cost_usd: 0.3, total_tokens_used: 10 },
        quality: { avg_quality_score: 0.5 },
      });
      expect(await get(`/quality?agent_id=${name}`)).toEqual({
        ...{ overall_quality_score: 0.5, total_code_violations: 3, metrics_analyzed: 3, period_days: 7 },
      });
      expect(await get(`/resources/usage?agent_id=${name}`)).toEqual({
        ...{ total_tokens_used: 10, total_cost_usd: 0.3, total_api_calls: 5, period_days: 7 },
      });
    });

    it('take in the days that are asked for; a life has no bounds', async () => {
      const { name } = await register();
      for (const days of [0, 6, 8, 89, 91])
        await post({ agent_id: name, recorded_at: daysAgo(days), cost_usd: 1 });
      const counts: number[] = [];
      for (const days of ['', '&days=1', '&days=7', '&days=9', '&days=90', '&days='])
        counts.push((await get(`/aggregate?agent_id=${name}${days}`)).count);
      expect(counts).toEqual([2, 1, 2, 3, 4, 2]);
      expect((await get(`/agent/${name}/summary`)).cost.total_cost_usd).toBe(5);
      for (const path of ['aggregate', 'quality', 'resources/usage'])
        for (const days of ['0', '91', '-7', '1.5', 'week'])
          expectProblem(
            await service.request('GET', `/metrics/${path}?days=${days}`),
            422,
            'VALIDATION_FAILED',
            'days',
          );
    });

    it('go over all agents where none is named', async () => {
      const before = (await get('/resources/usage')).total_api_calls;
      for (const { name } of [await register(), await register()])
        await post({ agent_id: name, api_calls: 5 });
      expect((await get('/resources/usage')).total_api_calls).toBe(Number(before) + 10);
      expect((await get('/aggregate?agent_id=nobody')).count).toBe(0);
    });

    it('are 404 over the life of an agent that does not live', async () => {
      for (const agent of ['nobody', 'unknown', '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11'])
        expectProblem(
          await service.request('GET', `/metrics/agent/${agent}/summary`),
          404,
          'AGENT_NOT_FOUND',
        );
    });

    it('stay exact beyond what a 64-bit sum of single values suggests', async () => {
      const { name } = await register();
      await Promise.all(
        Array.from({ length: 10 }, () =>
          post({ agent_id: name, tokens_used: 1e12, cost_usd: 1e6, execution_time_ms: 1e10 }),
        ),
      );
      expect(await get(`/aggregate?agent_id=${name}`)).toMatchObject({
        ...{ total_tokens_used: 1e13, total_cost_usd: 1e7, avg_execution_time_ms: 1e10 },
      });
    });

    it('are exact for any amounts, in the aggregate as over the life', async () => {
      const micro = fc.integer({ min: 0, max: 1e9 });
      await fc.assert(
        fc.asyncProperty(fc.array(micro, { minLength: 1, maxLength: 12 }), async (costs) => {
          const { name } = await register();
          await Promise.all(costs.map((cost) => post({ agent_id: name, cost_usd: cost / 1e6 })));
          const total = costs.reduce((sum, cost) => sum + cost, 0) / 1e6;
          expect((await get(`/aggregate?agent_id=${name}`)).total_cost_usd).toBe(total);
          expect((await get(`/agent/${name}/summary`)).cost.total_cost_usd).toBe(total);
        }),
        { numRuns: 15 },
      );
    });
  });
});
