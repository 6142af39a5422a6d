import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem, LOCAL, logSize, newestEntries, TIME } from '../support/answers.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

describe('what agents do', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.remove());

  let count = 0;
  /** A new agent of its own for each test. */
  const register = async (changes: Record<string, unknown> = {}): Promise<Answer['body']> => {
    const { status, body } = await service.request(
      'POST',
      '/agents',
      anAgent({ name: `agent-${++count}`, ...changes }),
    );
    expect(status).toBe(201);
    return body;
  };

  describe('activate', () => {
    it.each([
      [undefined],
      [{}],
      [{ session_id: null, task: null }],
      [{ session_id: 's-1', task: 'Fix it', more: 1 }],
    ])('sets last_active_at, with the body %j', async (sent) => {
      const before = await register();
      const { status, body } = await service.request('POST', `/agents/${before.name}/activate`, sent);
      expect(status).toBe(200);
      const { last_active_at: active } = body.timestamps;
      expect(body).toEqual({ ...before, timestamps: { ...before.timestamps, last_active_at: active } });
      expect(active).toMatch(TIME);
    });

    it('keeps session and task in the entry', async () => {
      const { agent_id: id } = await register();
      await service.request('POST', `/agents/${id}/activate`, { session_id: 's-1', task: 'Fix it' });
      const [entry] = await newestEntries(service);
      expect(entry).toMatchObject({
        operation: { type: 'agent.activate' },
        context: { session_id: 's-1', task: 'Fix it' },
      });
    });
  });

  describe('complete', () => {
    it('writes exactly one metric and one entry, and shows in the performance', async () => {
      const { name, agent_id: id } = await register();
      const size = await logSize(service);
      const done = { success: true, execution_time_ms: 1500.5, session_id: 's-2', task: 'Fix it' };
      const { status, body } = await service.request('POST', `/agents/${name}/complete`, done);
      expect(status).toBe(200);
      expect(body.timestamps.last_active_at).toMatch(TIME);
      expect(body.performance).toEqual({
        success_rate: 1,
        avg_execution_time_ms: 1500.5,
        quality_score: 0,
        total_tasks_completed: 1,
      });
      expect(await logSize(service)).toBe(size + 1);
      const metrics = (await service.request('GET', `/metrics?agent_id=${id}`)).body;
      expect(metrics).toEqual([
        expect.objectContaining({
          ...{ agent_id: id, metric_type: 'task_completion', success: true, execution_time_ms: 1500.5 },
          ...{ tasks_completed: 1, tasks_failed: 0, cost_usd: null, tokens_used: null },
        }),
      ]);
      const [entry] = await newestEntries(service);
      expect(entry).toMatchObject({ operation: { type: 'agent.complete' }, context: done });
      expect(entry.context.metric_id).toBe(metrics[0].metric_id);
    });

    it('counts failures, and needs to be told', async () => {
      const { name } = await register();
      await service.request('POST', `/agents/${name}/complete`, { success: true, execution_time_ms: 100 });
      await service.request('POST', `/agents/${name}/complete`, { success: true });
      const { body } = await service.request('POST', `/agents/${name}/complete`, {
        success: false,
        execution_time_ms: 200,
      });
      expect(body.performance).toMatchObject({ avg_execution_time_ms: 150, total_tasks_completed: 2 });
      expect(body.performance.success_rate).toBeCloseTo(2 / 3, 12);
      const summary = (await service.request('GET', `/metrics/agent/${name}/summary`)).body;
      expect(summary).toMatchObject({
        total_metrics: 3,
        performance: { total_tasks_completed: 2, total_tasks_failed: 1 },
      });
      for (const sent of [undefined, {}, { success: null }, { success: 'yes' }, { success: 1 }])
        expectProblem(
          await service.request('POST', `/agents/${name}/complete`, sent),
          422,
          'VALIDATION_FAILED',
          'success',
        );
      expect((await service.request('GET', `/metrics?agent_id=${name}`)).body).toHaveLength(3);
    });
  });

  it('shows performance and the usage of today in lists as they are now', async () => {
    const { name } = await register({ metadata_category: 'live' });
    await service.request('POST', `/agents/${name}/complete`, { success: true, execution_time_ms: 10 });
    await service.request('POST', '/metrics', {
      agent_id: name,
      metric_type: 'quality',
      quality_score: 0.25,
    });
    await service.request('POST', '/budget/deduct', { agent_id: name, tokens_used: 700, cost_usd: 0.25 });
    const [listed] = (await service.request('GET', '/agents?category=live')).body;
    expect(listed.performance).toEqual({
      success_rate: 1,
      avg_execution_time_ms: 10,
      quality_score: 0.25,
      total_tasks_completed: 1,
    });
    expect(listed.budget).toMatchObject({ tokens_used_today: 700, cost_used_today: 0.25 });
  });

  it('leaves an entry for every change: who, what, through which route, under which request', async () => {
    const trace = (step: string) => ({ headers: { 'x-request-id': `life-${step}` } });
    const { body: agent } = await service.request(
      'POST',
      '/agents',
      anAgent({ name: 'audited' }),
      trace('register'),
    );
    await service.request('PUT', '/agents/audited', { role_confidence: 1 }, trace('update'));
    await service.request('POST', '/agents/audited/activate', undefined, trace('activate'));
    await service.request('POST', '/agents/audited/complete', { success: true }, trace('complete'));
    await service.request('DELETE', `/agents/${agent.agent_id}`, undefined, trace('retire'));
    const routes = {
      register: 'POST /api/v1/agents',
      update: 'PUT /api/v1/agents/:agent_id',
      activate: 'POST /api/v1/agents/:agent_id/activate',
      complete: 'POST /api/v1/agents/:agent_id/complete',
      retire: 'DELETE /api/v1/agents/:agent_id',
    };
    const entries = (await newestEntries(service, 5)).reverse();
    expect(entries.map((entry: Answer['body']) => entry.operation.type)).toEqual(
      Object.keys(routes).map((step) => `agent.${step}`),
    );
    for (const [index, [step, route]] of Object.entries(routes).entries()) {
      expect(entries[index]).toMatchObject({
        agent: { agent_id: agent.agent_id, name: 'audited', role: 'developer' },
        target: { resource: agent.agent_id, type: 'agent' },
        rbac: { decision: 'allowed' },
        ...{ source: 'decided', principal: LOCAL, route, outcome: 'success', trace_id: `life-${step}` },
      });
    }
  });
});
