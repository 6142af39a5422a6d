import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem, TIME, UUID } from '../support/answers.js';
import { anAgent, TestService } from '../support/service.js';

const ROLES = 'admin developer reviewer security database frontend backend tester analyst coordinator'.split(
  ' ',
);

const DEVELOPER_TOOLS = 'Read Write Edit MultiEdit Bash Grep Glob Task TodoWrite BashOutput'.split(' ');

describe('registering agents', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.remove());

  it('answers an agent of which only the required was said with every default, the role filled in', async () => {
    const { status, body } = await service.request('POST', '/agents', anAgent());
    expect(status).toBe(201);
    expect(body).toEqual({
      agent_id: expect.stringMatching(UUID),
      name: 'coder',
      role: 'developer',
      role_confidence: 0,
      role_reasoning: null,
      capabilities: ['code'],
      rbac: {
        allowed_tools: DEVELOPER_TOOLS,
        denied_tools: [],
        path_scopes: ['src/**', 'tests/**', 'scripts/**', 'config/**'],
        api_access: ['github', 'gitlab', 'memory-mcp'],
        requires_approval: false,
        approval_threshold: 10,
      },
      budget: {
        max_tokens_per_session: 200_000,
        max_cost_per_day: 30,
        currency: 'USD',
        tokens_used_today: 0,
        cost_used_today: 0,
        last_reset: expect.stringMatching(/T00:00:00\.000Z$/),
      },
      metadata: { category: 'foundry', specialist: false, version: '1.0.0', tags: [] },
      performance: { success_rate: 0, avg_execution_time_ms: 0, quality_score: 0, total_tasks_completed: 0 },
      timestamps: {
        created_at: expect.stringMatching(TIME),
        updated_at: body.timestamps.created_at,
        last_active_at: null,
      },
    });
  });

  it('keeps every field that is sent', async () => {
    const { status, body } = await service.request('POST', '/agents', {
      agent_id: '5F1C2F1E-6D0A-4B55-9A43-0D5A3E0B7C11',
      name: 'full-1',
      role: 'tester',
      role_confidence: 0.9,
      role_reasoning: 'Runs the tests. ✓',
      capabilities: ['jest', 'fuzzing'],
      rbac_allowed_tools: ['*'],
      rbac_denied_tools: ['Bash'],
      rbac_path_scopes: ['tests/**'],
      rbac_api_access: [],
      rbac_requires_approval: true,
      rbac_approval_threshold: 0.000001,
      budget_max_tokens_per_session: 1,
      budget_max_cost_per_day: 12.345678,
      budget_currency: 'USD',
      metadata_category: 'quality',
      metadata_specialist: true,
      metadata_version: '2.1.0',
      metadata_tags: ['fast', 'picky'],
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      agent_id: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
      name: 'full-1',
      role: 'tester',
      role_confidence: 0.9,
      role_reasoning: 'Runs the tests. ✓',
      capabilities: ['jest', 'fuzzing'],
      rbac: {
        allowed_tools: ['*'],
        denied_tools: ['Bash'],
        path_scopes: ['tests/**'],
        api_access: [],
        requires_approval: true,
        approval_threshold: 0.000001,
      },
      budget: { max_tokens_per_session: 1, max_cost_per_day: 12.345678, currency: 'USD' },
      metadata: { category: 'quality', specialist: true, version: '2.1.0', tags: ['fast', 'picky'] },
    });
  });

  it('takes a limit of a millionth of a dollar and no smaller one, as its document says', async () => {
    const put = (usd: number) => service.request('PUT', '/agents/full-1', { budget_max_cost_per_day: usd });
    expect((await put(0.000001)).body.budget.max_cost_per_day).toBe(0.000001);
    for (const usd of [0, 4e-7, 9e-7]) expect((await put(usd)).status).toBe(422);
    const { components } = (await service.request('GET', '//openapi.json')).body;
    for (const schema of ['CreateAgentRequest', 'UpdateAgentRequest'])
      expect(components.schemas[schema].properties.budget_max_cost_per_day).toMatchObject({
        minimum: 0.000001,
      });
  });

  it('tells none from inherited: [] stays [], null is absence', async () => {
    const none = await service.request(
      'POST',
      '/agents',
      anAgent({ name: 'none', rbac_allowed_tools: [], rbac_path_scopes: [], rbac_api_access: [] }),
    );
    expect(none.body.rbac).toMatchObject({ allowed_tools: [], path_scopes: [], api_access: [] });
    const absent = { rbac_allowed_tools: null, budget_max_cost_per_day: null, role_confidence: null };
    const inherits = await service.request('POST', '/agents', anAgent({ name: 'inherits', ...absent }));
    expect(inherits.status).toBe(201);
    expect(inherits.body.rbac.allowed_tools).toEqual(DEVELOPER_TOOLS);
    expect(inherits.body).toMatchObject({ role_confidence: 0, budget: { max_cost_per_day: 30 } });
  });

  it.each(ROLES)('knows the role %s, and the limits that come from it', async (role) => {
    const { status, body } = await service.request(
      'POST',
      '/agents',
      anAgent({ name: `role-${role}`, role }),
    );
    expect({ status, role: body.role }).toEqual({ status: 201, role });
    expect(body.budget.max_tokens_per_session).toBeGreaterThan(0);
    expect(body.rbac.allowed_tools).not.toEqual([]);
  });

  it('takes names of 1 to 64 lower-case letters, digits and hyphens', async () => {
    for (const name of ['a', '0', '-', 'x'.repeat(64), 'constructor', 'to-string']) {
      const { status, body } = await service.request('POST', '/agents', anAgent({ name }));
      expect({ status, name: body.name }).toEqual({ status: 201, name });
    }
  });

  it.each([
    ...['registry', 'stats', 'name', 'activity', 'unknown', 'system', 'main'],
    ...['x'.repeat(65), 'Coder', 'a b', 'a_b', 'ä', 'a/b', '__proto__', '../a', 'a\n'],
    ...['5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c12', '00000000-0000-0000-0000-000000000000'],
  ])('refuses the name %j', async (name) => {
    expectProblem(
      await service.request('POST', '/agents', anAgent({ name })),
      422,
      'VALIDATION_FAILED',
      'name',
    );
  });

  it('takes texts of 4 KiB', async () => {
    const text = 'x'.repeat(4096);
    const fields = {
      metadata_category: text,
      metadata_version: text,
      role_reasoning: text,
      capabilities: [text],
    };
    const { status, body } = await service.request('POST', '/agents', anAgent({ name: 'wordy', ...fields }));
    expect(status).toBe(201);
    expect(body).toMatchObject({
      role_reasoning: text,
      capabilities: [text],
      metadata: { category: text, version: text },
    });
  });

  it('names every required field that is missing, absent, null or empty', async () => {
    const required = ['name', 'role', 'capabilities', 'metadata_category'];
    const nothing = Object.fromEntries(required.map((field) => [field, null]));
    for (const body of [undefined, {}, nothing])
      expectProblem(await service.request('POST', '/agents', body), 422, 'VALIDATION_FAILED', ...required);
  });

  it('refuses a name that a live agent has, and an id that any agent ever had', async () => {
    const { body: first } = await service.request('POST', '/agents', anAgent({ name: 'first' }));
    expectProblem(
      await service.request('POST', '/agents', anAgent({ name: 'first' })),
      409,
      'AGENT_NAME_TAKEN',
    );
    const again = anAgent({ name: 'second', agent_id: first.agent_id.toUpperCase() });
    expectProblem(await service.request('POST', '/agents', again), 409, 'AGENT_ID_USED');
    expect((await service.request('DELETE', `/agents/${first.agent_id}`)).status).toBe(204);
    expectProblem(await service.request('POST', '/agents', again), 409, 'AGENT_ID_USED');
    expect((await service.request('GET', '/agents/second')).status).toBe(404);
  });

  it('gives a name that many ask for at once to one of them', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => service.request('POST', '/agents', anAgent({ name: 'contested' }))),
    );
    const statuses = answers.map((answer) => answer.status).sort();
    expect(statuses).toEqual([201, ...new Array<number>(11).fill(409)]);
  });
});

describe('reading the registry', () => {
  let service: TestService;
  const NAMES = ['-', '0', 'a', 'a-b', 'a1', 'ab', 'b'];
  beforeAll(async () => {
    service = await TestService.start();
    for (const name of [...NAMES].reverse()) {
      const role = name.startsWith('a') ? 'tester' : 'admin';
      const category = { a: 'constructor', ab: '__proto__' }[name] ?? 'foundry';
      const fields = { name, role, metadata_category: category, metadata_specialist: name === 'a1' };
      await service.request('POST', '/agents', anAgent(fields));
    }
  });
  afterAll(() => service.remove());

  const names = async (query: string) => {
    const { status, headers, body } = await service.request('GET', `/agents${query}`);
    expect(status).toBe(200);
    return [headers.get('x-total-count'), ...body.map((agent: { name: string }) => agent.name)];
  };

  it('lists by name, in pages, with the total in a header', async () => {
    expect(await names('')).toEqual(['7', ...NAMES]);
    expect(await names('?skip=2&limit=3')).toEqual(['7', 'a', 'a-b', 'a1']);
    expect(await names('?limit=500&skip=7')).toEqual(['7']);
    expect(await names('?limit=1&skip=1000000000000')).toEqual(['7']);
  });

  it('filters by role, category and specialist, and takes an empty value for none', async () => {
    expect(await names('?role=tester')).toEqual(['4', 'a', 'a-b', 'a1', 'ab']);
    expect(await names('?role=tester&limit=1')).toEqual(['4', 'a']);
    expect(await names('?category=constructor')).toEqual(['1', 'a']);
    expect(await names('?category=nothing')).toEqual(['0']);
    expect(await names('?specialist=true')).toEqual(['1', 'a1']);
    expect(await names('?specialist=false&role=tester')).toEqual(['3', 'a', 'a-b', 'ab']);
    expect(await names('?role=&category=&specialist=&skip=&limit=')).toEqual(['7', ...NAMES]);
  });

  it.each([
    'limit=0',
    'limit=501',
    'limit=-1',
    'limit=x',
    'limit=1.5',
    'skip=-1',
    'role=boss',
    'specialist=yes',
  ])('refuses %s', async (query) => {
    const answer = await service.request('GET', `/agents?${query}`);
    expectProblem(answer, 422, 'VALIDATION_FAILED', query.split('=')[0]!);
  });

  it.each(['/agents/registry', '/registry/agents', '/agents/'])(
    'serves the same list at %s',
    async (path) => {
      const list = await service.request('GET', '/agents?limit=2&skip=1');
      const same = await service.request('GET', `${path}?limit=2&skip=1`);
      expect(same.body).toEqual(list.body);
      expect(same.headers.get('x-total-count')).toBe('7');
    },
  );

  it('counts by role and category, whatever the category is called', async () => {
    const { body } = await service.request('GET', '/agents/stats/summary');
    expect({ ...body, category_distribution: Object.entries(body.category_distribution).sort() }).toEqual({
      total_agents: 7,
      role_distribution: { admin: 3, tester: 4 },
      category_distribution: [
        ['__proto__', 1],
        ['constructor', 1],
        ['foundry', 5],
      ],
      specialists: 1,
      generalists: 6,
    });
  });

  it('finds an agent by its id in any case, and by its name on both paths', async () => {
    const [agent] = (await service.request('GET', '/agents?limit=1&skip=2')).body;
    const references = ['a', 'name/a', agent.agent_id, agent.agent_id.toUpperCase()];
    for (const reference of references) {
      const { status, body } = await service.request('GET', `/agents/${reference}`);
      expect({ status, body }).toEqual({ status: 200, body: agent });
    }
  });

  it.each([
    'nobody',
    'unknown',
    'name/nobody',
    '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
    'A',
    '%00',
    'x'.repeat(65),
  ])('answers 404 for %s', async (reference) => {
    expectProblem(await service.request('GET', `/agents/${reference}`), 404, 'AGENT_NOT_FOUND');
  });
});
