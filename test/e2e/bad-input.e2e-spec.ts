import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { expectProblem, visibleState } from '../support/answers.js';
import * as bad from '../support/bad-values.js';
import { anAgent, TestService } from '../support/service.js';

interface Endpoint {
  readonly method: string;
  readonly path: string;
  /** A body that is accepted. */
  readonly body: Record<string, unknown>;
  readonly required: readonly string[];
  readonly fields: Record<string, bad.BadValues>;
}

const AGENT_FIELDS = {
  role: bad.badEnum,
  capabilities: bad.badTexts,
  metadata_category: bad.badText,
  role_confidence: bad.badNumber(1),
  role_reasoning: bad.badText,
  rbac_allowed_tools: bad.badTexts,
  rbac_denied_tools: bad.badTexts,
  rbac_path_scopes: bad.badTexts,
  rbac_api_access: bad.badTexts,
  rbac_requires_approval: bad.badBoolean,
  rbac_approval_threshold: bad.badNumber(1e6),
  budget_max_tokens_per_session: bad.badPositive(bad.badInteger(1e12)),
  budget_max_cost_per_day: [...bad.badPositive(bad.badNumber(1e6)), '0.0000009', '4e-7'],
  budget_currency: [...bad.badEnum, '"EUR"', '"usd"'],
  metadata_specialist: bad.badBoolean,
  metadata_version: bad.badText,
  metadata_tags: bad.badTexts,
};
const TASK_FIELDS = { session_id: bad.badText, task: bad.badText };

const ENDPOINTS: readonly Endpoint[] = [
  {
    ...{ method: 'POST', path: '/agents', body: anAgent({ name: 'newcomer' }) },
    required: ['name', 'role', 'capabilities', 'metadata_category'],
    fields: { name: bad.badName, agent_id: bad.badUuid, ...AGENT_FIELDS },
  },
  { method: 'PUT', path: '/agents/coder', body: {}, required: [], fields: AGENT_FIELDS },
  { method: 'POST', path: '/agents/coder/activate', body: {}, required: [], fields: TASK_FIELDS },
  {
    ...{ method: 'POST', path: '/agents/coder/complete', body: { success: true }, required: ['success'] },
    fields: { ...TASK_FIELDS, success: bad.badBoolean, execution_time_ms: bad.badNumber(1e10) },
  },
  {
    ...{ method: 'POST', path: '/metrics', body: { agent_id: 'coder', metric_type: 'cost' } },
    required: ['agent_id', 'metric_type'],
    fields: {
      agent_id: bad.badText,
      metric_type: bad.badEnum,
      execution_time_ms: bad.badNumber(1e10),
      success: bad.badBoolean,
      tokens_used: bad.badInteger(1e12),
      api_calls: bad.badInteger(1e12),
      cost_usd: bad.badNumber(1e6),
      quality_score: bad.badNumber(1),
      code_violations: bad.badInteger(1e12),
      tasks_completed: bad.badInteger(1e12),
      tasks_failed: bad.badInteger(1e12),
      context: [...bad.badObject, '{"a":"\\u0000"}', '{"\\ud800":1}', '{"a":[{"b":"\\udfff"}]}'],
      recorded_at: bad.badTime,
    },
  },
  {
    ...{ method: 'POST', path: '/events/ingest', body: {}, required: [] },
    fields: {
      agent_id: bad.noText,
      agent_name: bad.noText,
      agent_role: bad.noText,
      operation_type: bad.noText,
      operation_detail: bad.noText,
      target_resource: bad.noText,
      target_type: bad.noText,
      rbac_decision: bad.badEnum,
      rbac_reason: bad.noText,
      cost_usd: bad.badNumber(1e6),
      tokens_used: bad.badInteger(1e12),
      context: ['0', '"x"', 'true', '[]', '[{}]'],
    },
  },
  {
    ...{ method: 'POST', path: '/budget/deduct', body: { tokens_used: 1, cost_usd: 1 } },
    required: ['tokens_used', 'cost_usd'],
    fields: {
      agent_id: bad.badText,
      agent_role: bad.badText,
      tool_name: bad.badText,
      tokens_used: bad.badInteger(1e12),
      cost_usd: bad.badNumber(1e6),
      session_id: bad.badText,
      tool_use_id: bad.badText,
      request_id: bad.badText,
      timestamp: bad.badText,
    },
  },
  {
    method: 'POST',
    path: '/budget/reserve',
    body: { agent_id: 'coder', max_cost_usd: 1, max_tokens: 1, ttl_s: 1 },
    required: ['agent_id', 'max_cost_usd', 'max_tokens', 'ttl_s'],
    fields: {
      agent_id: bad.badText,
      session_id: bad.badText,
      max_cost_usd: bad.badNumber(1e6),
      max_tokens: bad.badInteger(1e12),
      ttl_s: bad.badPositive(bad.badInteger(3600)),
    },
  },
];

describe.each(ENDPOINTS)('bad fields for $method $path', ({ method, path, body, required, fields }) => {
  let service: TestService;
  let before: unknown;
  beforeAll(async () => {
    service = await TestService.start();
    await service.request('POST', '/agents', anAgent());
    await service.request('POST', '/metrics', { agent_id: 'coder', metric_type: 'quality' });
  });
  beforeEach(async () => {
    before = await visibleState(service);
  });
  afterAll(() => service.remove());

  it.each(Object.entries(fields))(
    'refuses each bad %s, names it, and writes nothing',
    async (field, values) => {
      for (const value of values) {
        const answer = await service.request(method, path, bad.withField(body, field, value));
        const what = `${field}: ${value.slice(0, 60)}`;
        expect([what, answer.status]).toEqual([what, 422]);
        expectProblem(answer, 422, 'VALIDATION_FAILED');
        const paths = answer.body.errors.map((error: { path: string }) => error.path.replace(/[.[].*$/s, ''));
        expect([what, paths]).toEqual([what, [field]]);
      }
      expect(await visibleState(service)).toEqual(before);
    },
  );

  if (required.length > 0)
    it('names every required field that is missing or null', async () => {
      const nothing = Object.fromEntries(required.map((field) => [field, null]));
      for (const sent of [{}, nothing])
        expectProblem(await service.request(method, path, sent), 422, 'VALIDATION_FAILED', ...required);
      for (const field of required) {
        const answer = await service.request(method, path, bad.withField(body, field, 'null'));
        expectProblem(answer, 422, 'VALIDATION_FAILED');
        expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual([field]);
      }
      expect(await visibleState(service)).toEqual(before);
    });

  it('names all bad fields at once', async () => {
    const all = Object.keys(fields);
    // No field takes a list of lists.
    const answer = await service.request(
      method,
      path,
      Object.fromEntries(all.map((field) => [field, [[1]]])),
    );
    expectProblem(answer, 422, 'VALIDATION_FAILED', ...all);
    expect(await visibleState(service)).toEqual(before);
  });

  it('takes the body that these were made from', async () => {
    const optional = Object.keys(fields).filter((field) => !required.includes(field));
    const absent = Object.fromEntries(optional.map((field) => [field, null]));
    const { status } = await service.request(method, path, { ...absent, ...body });
    expect([200, 201]).toContain(status);
  });
});
