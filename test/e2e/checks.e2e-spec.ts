import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aKey, register } from '../support/access-calls.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const ROOT = '/home/dev/shop';

describe('a check', () => {
  let service: TestService;
  let coder: { id: string; name: string };
  beforeAll(async () => {
    service = await TestService.start();
    coder = await register(service, 'coder');
    await service.request('POST', '/agents', anAgent({ name: 'careful', rbac_requires_approval: true }));
  });
  afterAll(() => service.remove());

  const check = (body: Record<string, unknown>): Promise<Answer> =>
    service.request('POST', '/rbac/check', { agent_id: 'coder', cwd: ROOT, ...body });
  const entryOf = async (id: string) => {
    const { body } = await service.request('GET', '/events/audit?operation_type=rbac.check&limit=500');
    return (body as { audit_id: string; context: Record<string, unknown> }[]).find(
      (entry) => entry.audit_id === id,
    );
  };

  it('is answered with the decision, its reason, and what is left to spend', async () => {
    const { status, body } = await check({
      tool_name: 'Write',
      tool_input: { file_path: `${ROOT}/src/a.ts` },
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      decision: 'allowed',
      decision_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      step: 'approval',
      rule: 'allowed',
      reason: 'The policy allows it.',
      nearest: null,
      marks: [],
      policy_version: expect.stringMatching(/^[0-9a-f]{64}$/),
      approval: null,
      budget: { remaining_cost: 30, remaining_tokens: null, status: 'ok' },
      expires_at: expect.stringMatching(/Z$/),
    });
  });

  it('is an entry of the log, from which it can be decided again', async () => {
    const input = { file_path: `${ROOT}/docs/a.md`, content: 'password=hunter22' };
    const { body } = await check({ tool_name: 'Write', tool_input: input, session_id: 's-9' });
    expect(body).toMatchObject({
      decision: 'denied',
      step: 'path',
      rule: 'path.outside_role',
      nearest: expect.stringContaining('src/**'),
    });
    const entry = await entryOf(body.decision_id);
    expect(entry).toMatchObject({
      agent: { agent_id: coder.id, name: 'coder', role: 'developer' },
      operation: { type: 'rbac.check', detail: 'Write' },
      target: { resource: `${ROOT}/docs/a.md`, type: 'file' },
      rbac: { decision: 'denied', reason: body.reason },
      source: 'decided',
      context: {
        request: { toolName: 'Write', toolInput: { file_path: `${ROOT}/docs/a.md` }, cwd: ROOT, root: ROOT },
        subject: { name: 'coder', role: 'developer', rights: { trusted: true } },
        budget: { remainingMicro: 30_000_000, status: 'ok' },
        step: 'path',
        rule: 'path.outside_role',
        policy_version: body.policy_version,
        session_id: 's-9',
      },
    });
    expect(JSON.stringify(entry)).not.toContain('hunter22');
  });

  it('takes the registered role, whatever the caller says', async () => {
    const { body } = await check({ agent_role: 'admin', tool_name: 'WebFetch' });
    expect(body).toMatchObject({ decision: 'denied', rule: 'tool.not_in_role' });
  });

  it('takes a role from an unregistered agent, where the policy lets it', async () => {
    const ask = (agent_role?: string) =>
      check({ agent_id: 'nobody', agent_role, tool_name: 'Read', file_path: 'src/a.ts' });
    expect((await ask('developer')).body).toMatchObject({
      decision: 'allowed',
      marks: ['unregistered'],
      budget: null,
    });
    expect((await ask('admin')).body).toMatchObject({
      decision: 'denied',
      rule: 'identity.role_not_claimable',
    });
    expect((await ask('root')).body).toMatchObject({ decision: 'denied', rule: 'identity.unknown_role' });
    expect((await ask()).body).toMatchObject({ decision: 'denied', rule: 'identity.unknown_role' });
  });

  it('gives one tool use one answer, and no other request under its name', async () => {
    const use = { tool_use_id: 'toolu_1', tool_name: 'Read', file_path: 'src/a.ts' };
    const answers = await Promise.all([check(use), check(use), check(use)]);
    const [first] = answers;
    for (const { body } of answers) expect(body).toEqual(first.body);
    const other = await check({ ...use, file_path: 'src/b.ts' });
    expect(other.body).toMatchObject({ decision: 'denied', rule: 'tool_use.reused' });
    expect((await check(use)).body).toEqual(first.body);
  });

  it('holds a session to its first directory', async () => {
    const ask = (cwd: string, file_path: string) =>
      check({ session_id: 's-root', cwd, tool_name: 'Read', file_path });
    expect((await ask(ROOT, 'src/a.ts')).body.decision).toBe('allowed');
    expect((await ask('/', '/src/a.ts')).body).toMatchObject({ decision: 'denied', step: 'path' });
    expect((await ask(`${ROOT}/src`, 'a.ts')).body.decision).toBe('allowed');
  });

  it('denies what cannot be read instead of refusing the question', async () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 100; level += 1) deep = [deep];
    for (const body of [
      { tool_name: 'Read', file_path: 'src/\0a' },
      { tool_name: 'Bash', command: 'ls \0' },
      { tool_name: 'Read', tool_input: { file_path: ['src/a.ts'] } },
      { tool_name: 'Bash', tool_input: { command: 7 } },
      { tool_name: 'Read' },
      { tool_name: 'Bash' },
      { tool_name: '\ud800' },
      { tool_name: 'Write', tool_input: { file_path: 'src/a.ts', deep } },
    ]) {
      const { status, body: answer } = await check(body);
      expect({ status, decision: answer.decision }).toEqual({ status: 200, decision: 'denied' });
    }
  });

  it('is refused where it is no check', async () => {
    for (const body of [
      {},
      { tool_name: 7 },
      { tool_name: 'Read', tool_input: 'x' },
      { tool_name: 'Read', estimated_tokens: -1 },
    ])
      expect((await check(body)).status).toBe(422);
  });

  it('reserves approval for an agent that needs one for everything', async () => {
    const { body } = await check({ agent_id: 'careful', tool_name: 'Read', file_path: 'src/a.ts' });
    expect(body).toMatchObject({
      decision: 'requires_approval',
      rule: 'approval.agent',
      approval: { status: 'pending', approvers: ['human', 'admin'] },
    });
    expect(body.expires_at).toBe(body.approval.expires_at);
  });

  it('denies what is dearer than what is left', async () => {
    const { body } = await check({ tool_name: 'Read', file_path: 'src/a.ts', estimated_cost_usd: 30.000001 });
    expect(body).toMatchObject({ decision: 'denied', rule: 'budget.cost', nearest: 'At most 30 USD.' });
    const tokens = { session_id: 's-2', tool_name: 'Read', file_path: 'src/a.ts', estimated_tokens: 200_001 };
    expect((await check(tokens)).body).toMatchObject({ decision: 'denied', rule: 'budget.tokens' });
  });

  it('comes in batches, each held to the same rules', async () => {
    const batch = (checks: unknown) => service.request('POST', '/rbac/check/batch', { checks });
    const { status, body } = await batch([
      { agent_id: 'coder', cwd: ROOT, tool_name: 'Read', file_path: 'src/a.ts' },
      { agent_id: 'coder', cwd: ROOT, tool_name: 'Read', file_path: '/etc/passwd' },
    ]);
    expect(status).toBe(200);
    expect(body.results.map(({ decision }: { decision: string }) => decision)).toEqual(['allowed', 'denied']);
    expect(await entryOf(body.results[1].decision_id)).toBeDefined();
    const bad = await batch([{ tool_name: 'Read' }, { tool_name: 1 }, { agent_id: 'x' }]);
    expect(bad.body.errors.map(({ path }: { path: string }) => path)).toEqual([
      'checks[1].tool_name',
      'checks[2].tool_name',
    ]);
    for (const checks of [[], 'x', [1], [[]], Array(101).fill({ tool_name: 'Read' })])
      expect((await batch(checks)).status).toBe(422);
  });

  it('can be explained step by step, leaving nothing behind', async () => {
    const count = async () => (await service.request('GET', '/events/audit/stats')).body.total_operations;
    const before = await count();
    const { status, body } = await service.request('POST', '/rbac/explain', {
      agent_id: 'coder',
      cwd: ROOT,
      tool_name: 'mcp__jira__search',
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ decision: 'denied', step: 'api', rule: 'api.not_in_role' });
    expect(body.steps.map(({ step, outcome }: { step: string; outcome: string }) => [step, outcome])).toEqual(
      [
        ['identity', 'allowed'],
        ['tool', 'allowed'],
        ['path', 'allowed'],
        ['api', 'denied'],
        ['spawn', 'allowed'],
        ['budget', 'allowed'],
        ['approval', 'allowed'],
      ],
    );
    expect(await count()).toBe(before);
  });
});

describe('checks by agents with keys', () => {
  let service: TestService;
  let key: string;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    const agent = await register(service, 'coder');
    await register(service, 'other');
    key = (await aKey(service, 'developer', agent)).secret;
  });
  afterAll(() => service.remove());

  it('are for themselves alone', async () => {
    const ask = (agent_id?: string) =>
      service.request('POST', '/rbac/check', { agent_id, tool_name: 'Read', file_path: 'src/a.ts' }, { key });
    expect((await ask('coder')).body.decision).toBe('allowed');
    expect((await ask()).body).toMatchObject({ decision: 'allowed', marks: [] });
    expect(await ask('other')).toMatchObject({ status: 403, body: { code: 'NOT_OWN_AGENT' } });
    expect(await ask('nobody')).toMatchObject({ status: 403 });
  });
});

describe('with UNKNOWN_AGENTS=deny', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await TestService.start({ UNKNOWN_AGENTS: 'deny' });
  });
  afterAll(() => service.remove());

  it('an agent that is not registered is denied', async () => {
    const { body } = await service.request('POST', '/rbac/check', {
      agent_id: 'nobody',
      agent_role: 'developer',
      tool_name: 'Read',
      file_path: 'src/a.ts',
    });
    expect(body).toMatchObject({
      decision: 'denied',
      rule: 'identity.not_registered',
      marks: ['unregistered'],
    });
  });
});
