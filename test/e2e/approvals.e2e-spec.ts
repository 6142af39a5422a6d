import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Clock } from '#kernel';
import { aKey, register } from '../support/access-calls.js';
import { type Answer, TestService } from '../support/service.js';

const PUSH = 'git push origin main';

describe('an approval', () => {
  let service: TestService;
  let agent: { id: string; name: string };
  let agentKey: string;
  let human: string;
  let tester: string;
  let session = 0;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true', APPROVAL_TTL: '60s' });
    agent = await register(service, 'coder');
    agentKey = (await aKey(service, 'developer', agent)).secret;
    human = (await aKey(service, 'developer', undefined, { kind: 'human' })).secret;
    tester = (await aKey(service, 'tester')).secret;
  });
  beforeEach(() => void (session += 1));
  afterAll(() => service.remove());

  const check = (changes: Record<string, unknown> = {}, key = agentKey): Promise<Answer> =>
    service.request(
      'POST',
      '/rbac/check',
      {
        agent_id: 'coder',
        cwd: '/home/dev',
        session_id: `s-${session}`,
        tool_name: 'Bash',
        tool_input: { command: PUSH },
        ...changes,
      },
      { key },
    );
  const open = async (): Promise<{ id: string; hash: string }> => {
    const { body } = await check();
    expect(body).toMatchObject({ decision: 'requires_approval', approval: { status: 'pending' } });
    const id = body.approval.approval_id as string;
    const shown = await service.request('GET', `/approvals/${id}`);
    return { id, hash: shown.body.request_hash };
  };
  const decide = (id: string, verb: string, body: unknown, key = human): Promise<Answer> =>
    service.request('POST', `/approvals/${id}/${verb}`, body, { key });

  it('shows exactly what is asked, by whom and why', async () => {
    const { id } = await open();
    const { status, body } = await service.request('GET', `/approvals/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      approval_id: id,
      status: 'pending',
      agent_id: agent.id,
      agent_name: 'coder',
      agent_role: 'developer',
      tool_name: 'Bash',
      tool_input: JSON.stringify({ tool_input: { command: PUSH } }),
      session_id: `s-${session}`,
      rule: 'approval.protected_branch_push',
      approvers: ['human', 'admin'],
      decided_at: null,
      spent_at: null,
    });
    expect(body.request_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(Date.parse(body.expires_at) - Date.parse(body.requested_at)).toBe(60_000);
  });

  it('stands in the timeline of its session, from the question to its use', async () => {
    const { id, hash } = await open();
    await decide(id, 'approve', { request_hash: hash });
    await check();
    const { body } = await service.request('GET', `/activity/sessions/s-${session}?order=oldest`);
    expect(body.timeline.map((entry: { operation_type: string }) => entry.operation_type)).toEqual([
      ...['approval.request', 'rbac.check', 'approval.decide', 'rbac.check'],
    ]);
    expect(body).toMatchObject({ entries: 4, last_operation: { type: 'rbac.check' } });
  });

  it('is shared by whoever asks the same while it waits', async () => {
    const ids = (await Promise.all([check(), check(), check()])).map(({ body }) => body.approval.approval_id);
    expect(new Set(ids).size).toBe(1);
    const other = await check({ tool_input: { command: `${PUSH} --force` } });
    expect(other.body.approval.approval_id).not.toBe(ids[0]);
  });

  it('is not decided by the person who asked, with another key', async () => {
    const keyOf = async (owner: string) =>
      (await aKey(service, 'developer', undefined, { kind: 'human', owner })).secret;
    const [asker, same, other] = [await keyOf('oidc:ann'), await keyOf('oidc:ann'), await keyOf('oidc:bo')];
    const { body } = await check({}, asker);
    const id = body.approval.approval_id as string;
    const { body: shown } = await service.request('GET', `/approvals/${id}`);
    const decision = { request_hash: shown.request_hash };
    for (const verb of ['approve', 'deny']) {
      const refused = await decide(id, verb, decision, same);
      expect([refused.status, refused.body.code]).toEqual([403, 'APPROVER_NOT_ALLOWED']);
    }
    expect((await decide(id, 'approve', decision, other)).status).toBe(200);
  });

  it('is good for one use of exactly that request', async () => {
    const { id, hash } = await open();
    expect((await decide(id, 'approve', { request_hash: hash, comment: 'go' })).body).toMatchObject({
      status: 'approved',
      comment: 'go',
    });
    expect((await check({ tool_input: { command: `${PUSH} --force` } })).body.decision).toBe(
      'requires_approval',
    );
    expect((await check({ cwd: '/elsewhere' })).body.decision).toBe('requires_approval');
    const uses = await Promise.all([check(), check(), check(), check()]);
    const allowed = uses.filter(({ body }) => body.decision === 'allowed');
    expect(allowed).toHaveLength(1);
    expect(allowed[0]?.body.approval).toMatchObject({ approval_id: id, status: 'spent' });
    expect((await service.request('GET', `/approvals/${id}`)).body).toMatchObject({ status: 'spent' });
  });

  it('that was denied stands, and its reason is told', async () => {
    const { id } = await open();
    await decide(id, 'deny', { comment: 'not on a Friday' });
    const { body } = await check();
    expect(body).toMatchObject({
      decision: 'denied',
      rule: 'approval.denied',
      approval: { status: 'denied' },
    });
    expect(body.reason).toContain('not on a Friday');
  });

  it('is not given to what is denied anyway', async () => {
    const { body } = await check({ tool_input: { command: `${PUSH}; rm -rf /` } });
    expect(body).toMatchObject({ decision: 'denied', approval: null });
  });

  it('is decided by one of two who decide at once', async () => {
    const { id, hash } = await open();
    const answers = await Promise.all([
      decide(id, 'approve', { request_hash: hash }),
      decide(id, 'deny', { request_hash: hash }),
      decide(id, 'approve', { request_hash: hash }),
    ]);
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('APPROVAL_DECIDED');
  });

  it('is refused to who has seen another request, to who asked, to agents, and to who is not named', async () => {
    const { id, hash } = await open();
    const body = { request_hash: hash };
    expect(await decide(id, 'approve', { request_hash: '0'.repeat(64) })).toMatchObject({
      status: 409,
      body: { code: 'APPROVAL_CHANGED' },
    });
    expect((await decide(id, 'approve', {})).status).toBe(422);
    expect((await decide(id, 'approve', body, agentKey)).status).toBe(403);
    expect(await decide(id, 'approve', body, tester)).toMatchObject({
      status: 403,
      body: { code: 'APPROVER_NOT_ALLOWED' },
    });
    const own = await check({}, human);
    const asked = await service.request('GET', `/approvals/${own.body.approval.approval_id}`);
    expect(
      await decide(own.body.approval.approval_id, 'approve', { request_hash: asked.body.request_hash }),
    ).toMatchObject({ status: 403, body: { code: 'APPROVER_NOT_ALLOWED' } });
    expect((await service.request('GET', `/approvals/${id}`)).body.status).toBe('pending');
  });

  it('is unknown by any other id', async () => {
    for (const id of ['x', '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11', '%00']) {
      expect((await service.request('GET', `/approvals/${id}`)).status).toBe(404);
      expect((await decide(id, 'deny', {})).status).toBe(404);
    }
  });

  it('can be waited for', async () => {
    const { id, hash } = await open();
    const waiting = service.request('GET', `/approvals/${id}?wait=25`, undefined, { key: agentKey });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await decide(id, 'approve', { request_hash: hash });
    expect((await waiting).body.status).toBe('approved');
    expect((await service.request('GET', `/approvals/${id}?wait=25`)).body.status).toBe('approved');
    expect((await service.request('GET', `/approvals/${id}?wait=31`)).status).toBe(422);
  });

  it('expires, which counts as denied, and can be asked for again', async () => {
    const { id, hash } = await open();
    const clock = service.get(Clock);
    const now = clock.now.bind(clock);
    clock.now = () => now() + 61_000;
    try {
      expect((await service.request('GET', `/approvals/${id}`)).body.status).toBe('expired');
      expect((await decide(id, 'approve', { request_hash: hash })).status).toBe(409);
      const again = await check();
      expect(again.body.approval.approval_id).not.toBe(id);
      const expired = await service.request('GET', '/approvals?status=expired');
      expect(expired.body.map((row: { approval_id: string }) => row.approval_id)).toContain(id);
    } finally {
      clock.now = now;
    }
  });

  it('is listed by status, to agents their own', async () => {
    const { id } = await open();
    const other = await register(service, `other-${session}`);
    const otherKey = (await aKey(service, 'developer', other)).secret;
    const list = async (query: string, key?: string) =>
      (await service.request('GET', `/approvals${query}`, undefined, key ? { key } : {})).body;
    const ids = (rows: { approval_id: string }[]) => rows.map((row) => row.approval_id);
    expect(ids(await list('?status=pending'))).toContain(id);
    expect(ids(await list('?status=spent'))).not.toContain(id);
    expect(ids(await list('', agentKey))).toContain(id);
    expect(await list('', otherKey)).toEqual([]);
    expect((await service.request('GET', `/approvals/${id}`, undefined, { key: otherKey })).status).toBe(403);
    expect((await service.request('GET', '/approvals?status=open')).status).toBe(422);
  });

  it('shows what cannot be seen', async () => {
    const { body } = await check({ tool_input: { command: PUSH, description: 'safe \u202e txt.exe\u200b' } });
    const { body: shown } = await service.request('GET', `/approvals/${body.approval.approval_id}`);
    expect(shown.tool_input).toContain('safe \\u202e txt.exe\\u200b');
    expect(shown.tool_input).not.toMatch(/[\u202e\u200b]/);
  });
});

describe('without RBAC', () => {
  it('nobody decides an approval', async () => {
    const service = await TestService.start();
    const asked = await service.request('POST', '/rbac/check', {
      agent_role: 'developer',
      tool_name: 'Bash',
      command: PUSH,
    });
    const id = asked.body.approval.approval_id as string;
    expect(await service.request('POST', `/approvals/${id}/deny`, {})).toMatchObject({
      status: 403,
      body: { code: 'RBAC_REQUIRED' },
    });
    await service.remove();
  });
});
