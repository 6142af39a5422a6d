import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem, logSize, newestEntries, TIME } from '../support/answers.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

describe('changing agents', () => {
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
  const put = (reference: string, body: unknown) => service.request('PUT', `/agents/${reference}`, body);

  describe('PUT', () => {
    it('changes only the fields that are sent', async () => {
      const before = await register({ role_reasoning: 'because', metadata_tags: ['one'] });
      const { status, body } = await put(before.agent_id, {
        role_confidence: 0.5,
        rbac_denied_tools: ['Bash'],
      });
      expect(status).toBe(200);
      expect(body).toEqual({
        ...before,
        role_confidence: 0.5,
        rbac: { ...before.rbac, denied_tools: ['Bash'] },
        timestamps: { ...before.timestamps, updated_at: expect.stringMatching(TIME) },
      });
      expect(Date.parse(body.timestamps.updated_at)).toBeGreaterThanOrEqual(
        Date.parse(before.timestamps.updated_at),
      );
      expect((await service.request('GET', `/agents/${before.name}`)).body).toEqual(body);
    });

    it('takes every field of creation but name and agent_id', async () => {
      const { name, agent_id: id } = await register();
      const { status, body } = await put(name, {
        role: 'analyst',
        role_confidence: 1,
        role_reasoning: 'reads much',
        capabilities: [],
        rbac_allowed_tools: ['Read'],
        rbac_denied_tools: [],
        rbac_path_scopes: ['docs/**'],
        rbac_api_access: ['github'],
        rbac_requires_approval: true,
        rbac_approval_threshold: 0,
        budget_max_tokens_per_session: 1_000_000_000_000,
        budget_max_cost_per_day: 1_000_000,
        budget_currency: 'USD',
        metadata_category: 'research',
        metadata_specialist: true,
        metadata_version: '9',
        metadata_tags: ['t'],
      });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        ...{
          agent_id: id,
          name,
          role: 'analyst',
          role_confidence: 1,
          role_reasoning: 'reads much',
          capabilities: [],
        },
        rbac: {
          allowed_tools: ['Read'],
          denied_tools: [],
          path_scopes: ['docs/**'],
          api_access: ['github'],
          requires_approval: true,
          approval_threshold: 0,
        },
        budget: { max_tokens_per_session: 1_000_000_000_000, max_cost_per_day: 1_000_000, currency: 'USD' },
        metadata: { category: 'research', specialist: true, version: '9', tags: ['t'] },
      });
      for (const field of ['name', 'agent_id'])
        expectProblem(await put(name, { [field]: 'other' }), 422, 'VALIDATION_FAILED', field);
    });

    it('goes back to inheriting for null, and leaves alone what cannot be inherited', async () => {
      const own = {
        rbac_allowed_tools: ['Read'],
        rbac_denied_tools: ['Bash'],
        rbac_path_scopes: [],
        rbac_api_access: ['*'],
        budget_max_tokens_per_session: 5,
        budget_max_cost_per_day: 0.5,
      };
      const { name, rbac, budget } = await register();
      await put(name, { ...own, rbac_requires_approval: true, metadata_tags: ['kept'] });
      const nulls = Object.fromEntries(Object.keys(own).map((field) => [field, null]));
      const { status, body } = await put(name, {
        ...nulls,
        rbac_requires_approval: null,
        metadata_tags: null,
      });
      expect(status).toBe(200);
      expect(body.rbac).toEqual({ ...rbac, requires_approval: true });
      expect(body.budget).toEqual(budget);
      expect(body.metadata.tags).toEqual(['kept']);
    });

    it('tells in its entry what was changed, in the fields and units that were sent', async () => {
      const { name } = await register();
      const changes = { role_confidence: 0.5, budget_max_cost_per_day: 2.5, rbac_allowed_tools: null };
      await put(name, { ...changes, rbac_approval_threshold: 0.01, metadata_tags: ['t'] });
      const [entry] = await newestEntries(service);
      expect(entry.operation.type).toBe('agent.update');
      expect(entry.context.changes).toEqual({
        ...changes,
        rbac_approval_threshold: 0.01,
        metadata_tags: ['t'],
      });
    });

    it('inherits from the role that the agent has now, everywhere', async () => {
      const { name } = await register({ role: 'developer' });
      const { body } = await put(name, { role: 'analyst' });
      expect(body.rbac).toMatchObject({ path_scopes: ['**'], api_access: ['github', 'memory-mcp'] });
      expect(body.budget).toMatchObject({ max_tokens_per_session: 100_000, max_cost_per_day: 15 });
      const limits = await service.request('GET', `/registry/agents/${name}/budget`);
      expect(limits.body).toMatchObject({ max_tokens_per_session: 100_000, max_cost_per_day: 15 });
      const event = await service.request('POST', '/events/ingest', { agent_id: name });
      expect(event.body.agent.role).toBe('analyst');
    });

    it('is answered 404 for an unknown agent, and changes nothing then', async () => {
      const size = await logSize(service);
      for (const reference of ['nobody', 'main', '%00', '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11'])
        expectProblem(await put(reference, { role: 'admin' }), 404, 'AGENT_NOT_FOUND');
      expect(await logSize(service)).toBe(size);
    });
  });

  describe('DELETE', () => {
    it('answers 204 without a body, and the agent is gone from every path', async () => {
      const { name, agent_id: id } = await register();
      const { status, body } = await service.request('DELETE', `/agents/${name}`);
      expect({ status, body }).toEqual({ status: 204, body: '' });
      for (const reference of [name, id]) {
        const requests: [string, string, unknown?][] = [
          ['GET', `/agents/${reference}`],
          ['GET', `/agents/name/${reference}`],
          ['PUT', `/agents/${reference}`, {}],
          ['DELETE', `/agents/${reference}`],
          ['POST', `/agents/${reference}/activate`],
          ['POST', `/agents/${reference}/complete`, { success: true }],
          ['POST', '/metrics', { agent_id: reference, metric_type: 'quality' }],
          ['GET', `/metrics/agent/${reference}/summary`],
          ['GET', `/registry/agents/${reference}/budget`],
        ];
        for (const [method, path, sent] of requests)
          expectProblem(await service.request(method, path, sent), 404, 'AGENT_NOT_FOUND');
      }
      const listed = (await service.request('GET', '/agents?limit=500')).body;
      expect(listed.map((agent: { agent_id: string }) => agent.agent_id)).not.toContain(id);
    });

    it('keeps the history under the old name, and frees the name for an agent without one', async () => {
      const { name, agent_id: id } = await register();
      await service.request('POST', '/events/ingest', { agent_id: name, operation_type: 'tool_use' });
      const metric = { agent_id: name, metric_type: 'cost', cost_usd: 2, success: true, tasks_completed: 3 };
      await service.request('POST', '/metrics', metric);
      await service.request('DELETE', `/agents/${id}`);
      const heir = await register({ name });
      expect(heir.agent_id).not.toBe(id);
      expect(heir.performance.total_tasks_completed).toBe(0);
      expect(heir.budget.cost_used_today).toBe(0);

      const old = (await service.request('GET', `/events/audit?agent_id=${id}`)).body;
      expect(old.map((entry: Answer['body']) => entry.operation.type).sort()).toEqual(
        ['agent.register', 'agent.retire', 'budget.deduct', 'metric.record', 'tool_use'].sort(),
      );
      for (const entry of old) expect(entry.agent).toMatchObject({ agent_id: id, name });
      const metrics = (await service.request('GET', `/metrics?agent_id=${id}`)).body;
      expect(metrics).toMatchObject([{ agent_id: id, agent_name: name, cost_usd: 2 }]);
      expect((await service.request('GET', `/metrics/aggregate?agent_id=${id}`)).body.count).toBe(1);

      expect((await service.request('GET', `/metrics?agent_id=${name}`)).body).toEqual([]);
      const entries = (await service.request('GET', `/events/audit?agent_id=${name}`)).body;
      expect(entries).toMatchObject([
        { operation: { type: 'agent.register' }, agent: { agent_id: heir.agent_id } },
      ]);
    });
  });
});
