import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../support/answers.js';
import { anAgent, type Answer, TestService } from '../support/service.js';

type Body = Record<string, unknown>;

describe('the fleet', () => {
  let service: TestService;
  let ids: Record<string, string>;
  beforeAll(async () => {
    service = await TestService.start();
    ids = {};
    for (const [name, role] of [
      ['coder', 'developer'],
      ['checker', 'reviewer'],
    ] as const) {
      const { body } = await service.request('POST', '/agents', anAgent({ name, role }));
      ids[name] = body.agent_id as string;
    }
  });
  afterAll(() => service.remove());

  const get = async (path: string): Promise<Answer> => service.request('GET', path);
  const post = async (path: string, body: unknown): Promise<Answer> => {
    const answer = await service.request('POST', path, body);
    expect([path, answer.status < 300]).toEqual([path, true]);
    return answer;
  };
  const report = (agent_id: string, session_id: string | null, changes: Body = {}) =>
    post('/events/ingest', {
      ...{ agent_id, operation_type: 'tool_use', operation_detail: 'Write: src/app.ts' },
      ...{ target_resource: 'src/app.ts', cost_usd: 9, tokens_used: 9, context: { session_id } },
      ...changes,
    });
  const active = async (query = ''): Promise<Body[]> =>
    (await get(`/activity/active${query}`)).body as Body[];
  const session = async (id: string, query = '') =>
    (await get(`/activity/sessions/${encodeURIComponent(id)}${query}`)).body;

  it('shows an agent at once from its activation to its completion, with what it did and cost', async () => {
    await post('/agents/coder/activate', { session_id: 's-1', task: 'login' });
    expect(await active()).toEqual([
      expect.objectContaining({
        ...{ agent_id: ids['coder'], agent_name: 'coder', agent_role: 'developer', category: 'foundry' },
        ...{ session_id: 's-1', status: 'active', activated: true, completed_at: null, idle_since: null },
        ...{ entries: 1, cost_usd: 0, tokens_used: 0 },
        last_operation: expect.objectContaining({ type: 'agent.activate' }),
      }),
    ]);
    const { body: event } = await report('coder', 's-1');
    await post('/budget/deduct', { agent_id: 'coder', tokens_used: 5, cost_usd: 0.5, session_id: 's-1' });
    expect((await active())[0]).toMatchObject({
      ...{ entries: 3, cost_usd: 0.5, tokens_used: 5 },
      last_operation: {
        ...{ seq: event.seq, type: 'tool_use', detail: 'Write: src/app.ts', target: 'src/app.ts' },
        ...{ timestamp: event.timestamp, redacted: false },
      },
    });
    await post('/agents/coder/complete', { session_id: 's-1', success: true });
    expect(await active()).toEqual([]);
    expect((await session('s-1')).agents).toEqual([
      expect.objectContaining({ status: 'completed', success: true, cost_usd: 0.5, entries: 4 }),
    ]);
  });

  it('shows who was never activated as long as it sends, and each session by itself', async () => {
    await report('somebody', 's-2', { agent_role: 'tester' });
    await post('/agents/coder/activate', {});
    await post('/agents/coder/activate', { session_id: 's-2' });
    const rows = (await active()).map((row) => [row['agent_name'], row['session_id'], row['activated']]);
    expect(rows).toEqual([
      ['coder', 's-2', true],
      ['coder', null, true],
      ['somebody', 's-2', false],
    ]);
  });

  it.each([
    ['role=tester', ['somebody']],
    ['category=foundry', ['coder', 'coder']],
    ['session_id=s-2', ['coder', 'somebody']],
    ['agent_id=coder', ['coder', 'coder']],
    ['status=active', ['coder', 'coder', 'somebody']],
    ['status=idle', []],
    ['role=tester&category=foundry', []],
  ])('is narrowed by %s', async (query, names) => {
    expect((await active(`?${query}`)).map((row) => row['agent_name'])).toEqual(names);
  });

  it('charges a session what was charged in it, once', async () => {
    const call = { agent_id: 'coder', tokens_used: 5, cost_usd: 0.25, session_id: 's-3', tool_use_id: 't-1' };
    await post('/budget/deduct', call);
    await post('/budget/deduct', call);
    const metric = { agent_id: 'coder', metric_type: 'cost', cost_usd: 1, tokens_used: 7 };
    await post('/metrics', { ...metric, context: { session_id: 's-3' } });
    await post('/metrics', { ...metric, metric_type: 'execution', context: { session_id: 's-3' } });
    const held = { agent_id: 'coder', max_cost_usd: 0.1, max_tokens: 5, ttl_s: 60, session_id: 's-3' };
    const { body } = await post('/budget/reserve', held);
    await post('/budget/settle', { reservation_id: body.reservation_id, cost_usd: 0.05, tokens_used: 1 });
    await report('coder', 's-3');
    const found = await session('s-3');
    expect(found).toMatchObject({ cost_usd: 1.3, tokens_used: 13, agent_count: 1 });
    const { body: ledger } = await get('/budget/ledger?session_id=s-3');
    const sum = (ledger.items as { cost_usd: number }[]).reduce((total, each) => total + each.cost_usd, 0);
    expect(sum).toBeCloseTo(found.cost_usd as number);
    expect(found.timeline).toHaveLength(found.entries as number);
    const types = (found.timeline as Body[]).map((entry) => entry['operation_type']);
    expect(types.filter((type) => type === 'budget.settle')).toHaveLength(1);
  });

  it('tells in a session of the step of the budget that it took, and of what ran unasked', async () => {
    const gated = await TestService.start({ RBAC_ENABLED: 'true' });
    await gated.request('POST', '/agents', anAgent());
    const context = { session_id: 's', tool_use_id: 't', tool_name: 'Write' };
    const ran = { agent_id: 'coder', operation_type: 'tool_use', rbac_decision: 'allowed', context };
    expect((await gated.request('POST', '/events/ingest', ran)).status).toBe(201);
    const charge = { agent_id: 'coder', tokens_used: 1, cost_usd: 1e6, session_id: 's' };
    expect((await gated.request('POST', '/budget/deduct', charge)).status).toBe(201);
    const { body } = await gated.request('GET', '/activity/sessions/s?order=oldest');
    const types = new Set(body.timeline.map((entry: Body) => entry['operation_type']));
    expect([...types]).toEqual(['tool_use', 'tool_use.ungated', 'budget.deduct', 'budget.threshold']);
    expect(body).toMatchObject({ entries: body.timeline.length, last_operation: { type: 'tool_use' } });
    await gated.remove();
  });

  it('lists sessions by their newest sign of life', async () => {
    await report('checker', 's-1');
    const list = async (query = ''): Promise<unknown[]> =>
      ((await get(`/activity/sessions${query}`)).body as Body[]).map((row) => row['session_id']);
    expect(await list()).toEqual(['s-1', 's-3', 's-2']);
    expect(await list('?agent_id=coder')).toEqual(['s-3', 's-2', 's-1']);
    await post('/agents/checker/complete', { session_id: 's-1', success: false });
    await post('/agents/coder/complete', { session_id: 's-3', success: true });
    expect(await list('?active=true')).toEqual(['s-2']);
    expect(await list('?active=false')).toEqual(['s-3', 's-1']);
    expect(await list('?since=2001-01-01')).toEqual(['s-3', 's-1', 's-2']);
    expect(await list('?since=9000-01-01')).toEqual([]);
  });

  it('goes through every list page by page', async () => {
    for (let n = 1; n <= 12; n += 1) await report(`paged-${n % 3}`, `page-${n}`);
    for (const path of ['/activity/active?limit=4', '/activity/sessions?limit=4&agent_id=paged-1']) {
      const whole = (await get(path.replace('limit=4', 'limit=500'))).body as Body[];
      const pages: Body[] = [];
      for (let next: string | undefined = path; next;) {
        const { body, headers } = await get(next);
        pages.push(...(body as Body[]));
        next = /<\/api\/v1([^>]+)>/.exec(headers.get('link') ?? '')?.[1];
      }
      expect(whole.length).toBeGreaterThan(3);
      expect(pages).toEqual(whole);
    }
  });

  it.each(['newest', 'oldest'])('tells a session entry by entry, %s first', async (order) => {
    const whole = (await session('s-3', `?order=${order}`)).timeline as Body[];
    const seqs = whole.map((row) => row['seq'] as number);
    expect(seqs).toEqual([...seqs].sort((a, b) => (order === 'newest' ? b - a : a - b)));
    const pages: Body[] = [];
    for (let cursor = ''; ;) {
      const page = await session('s-3', `?order=${order}&limit=2${cursor && `&cursor=${cursor}`}`);
      pages.push(...(page.timeline as Body[]));
      if (page.next_cursor === null) break;
      cursor = page.next_cursor as string;
    }
    expect(pages).toEqual(whole);
    const { body: foreign } = await get(`/activity/sessions/s-2?cursor=${'A'.repeat(20)}`);
    expect(foreign.code).toBe('VALIDATION_FAILED');
  });

  it('finds a session by any text that a client may send', async () => {
    for (const id of ['a/b?c=d#e', '%2F', '日本 語', '..', '__proto__', 'x'.repeat(3_000), 'sha256:x']) {
      await report('coder', id);
      if (id === '..') continue;
      const found = await session(id);
      expect([id, found.entries]).toEqual([id, 1]);
      if (id.length > 512) {
        expect(found.session_id).toMatch(/^sha256:[0-9a-f]{64}$/);
        expect(await session(found.session_id as string)).toEqual(found);
      } else expect(found.session_id).toBe(id);
    }
  });

  it('knows no other session, however it is spelt', async () => {
    const others = ['nothing', 'S-1', 's-1%00', '%00', 'x'.repeat(5_000), "'%20OR%201=1--", '%EF%BF%BD'];
    for (const id of others) expectProblem(await get(`/activity/sessions/${id}`), 404, 'SESSION_NOT_FOUND');
    expectProblem(await get('/activity/sessions/%ff'), 404, 'NOT_FOUND');
  });

  it('lets a retired agent go', async () => {
    await service.request('DELETE', '/agents/coder');
    expect(await active(`?agent_id=${ids['coder']}`)).toEqual([]);
  });

  it('forgets the session of an entry whose texts are erased, but not that the agent acted', async () => {
    const erasing = await TestService.start({ RBAC_ENABLED: 'true' });
    const { body: person } = await erasing.request('POST', '/keys', {
      name: 'p',
      kind: 'human',
      role: 'admin',
    });
    const key = { key: person.secret as string };
    const ingest = async (detail: string) =>
      (
        await erasing.request('POST', '/events/ingest', {
          operation_detail: detail,
          context: { session_id: 'x' },
        })
      ).body.audit_id as string;
    const entries = [await ingest('one'), await ingest('two')];
    const read = () => erasing.request('GET', '/activity/sessions/x');
    expect((await read()).body.entries).toBe(2);
    const erase = (id?: string) =>
      erasing.request('POST', `/audit/entries/${id}/erase`, { reason: 'asked to' }, key);
    expect((await erase(entries[1])).body.erased).toContainEqual({ what: 'sessions', rows: 1 });
    const { body } = await read();
    expect([body.entries, body.timeline.length]).toEqual([1, 1]);
    expect(body.last_operation).toMatchObject({ detail: null, redacted: true });
    await erase(entries[0]);
    expect((await read()).status).toBe(404);
    await erasing.remove();
  });
});
