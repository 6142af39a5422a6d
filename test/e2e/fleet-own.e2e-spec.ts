import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey, register } from '../support/access-calls.js';
import { TestService } from '../support/service.js';

type Body = Record<string, unknown>;

describe("the fleet as an agent's key sees it", () => {
  let service: TestService;
  let key: string;
  const own = { id: '', name: 'coder' };
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    own.id = (await register(service, 'coder')).id;
    await register(service, 'checker', { role: 'reviewer' });
    key = (await aKey(service, 'admin', own)).secret;
    for (const [agent_id, session_id, cost_usd] of [
      ['coder', 'shared', 1],
      ['checker', 'shared', 2],
      ['checker', 'shared', 4],
      ['checker', 'foreign', 8],
      ['coder', 'mine', 16],
    ] as const) {
      const context = { session_id };
      await post('/events/ingest', { agent_id, operation_detail: `of ${agent_id}`, context });
      await post('/budget/deduct', { agent_id, cost_usd, tokens_used: cost_usd, session_id });
      await post(`/agents/${agent_id}/activate`, { session_id });
    }
    // The newest of what is shared is another's.
    await post('/events/ingest', { agent_id: 'checker', context: { session_id: 'shared' } });
    await post('/agents/coder/complete', { session_id: 'shared', success: true });
  });
  afterAll(() => service.remove());

  const post = async (path: string, body: Body): Promise<void> => {
    const { status } = await service.request('POST', path, body);
    expect([path, status < 300]).toEqual([path, true]);
  };
  const get = async (path: string) => (await service.request('GET', path, undefined, { key })).body;
  const all = async (path: string) => (await service.request('GET', path)).body;

  it('holds its own activities alone', async () => {
    const mine = (await get('/activity/active')) as Body[];
    expect(mine).toEqual(
      ((await all('/activity/active')) as Body[]).filter((row) => row['agent_id'] === own.id),
    );
    expect(mine.map((row) => row['session_id'])).toEqual(['mine']);
    expect(await get('/activity/active?session_id=foreign')).toEqual([]);
  });

  it('sums its own part of the sessions in which it acted', async () => {
    const mine = (await get('/activity/sessions')) as Body[];
    expect(
      mine.map((row) => [
        row['session_id'],
        row['cost_usd'],
        row['tokens_used'],
        row['entries'],
        row['agent_count'],
      ]),
    ).toEqual([
      ['shared', 1, 1, 4, 1],
      // With the step of its budget that the charge took.
      ['mine', 16, 16, 4, 1],
    ]);
    const shared = ((await all('/activity/sessions')) as Body[]).find(
      (row) => row['session_id'] === 'shared',
    );
    expect(shared).toMatchObject({
      cost_usd: 7,
      entries: 11,
      agent_count: 2,
      active: true,
      active_agents: 1,
    });
    // Another is active there, which is no business of its.
    expect(mine[0]).toMatchObject({ active: false, active_agents: 0 });
    expect(mine[0]!['last_operation']).toMatchObject({ type: 'agent.complete' });
    expect(((await get('/activity/sessions?active=true')) as Body[]).map((row) => row['session_id'])).toEqual(
      ['mine'],
    );
    expect(
      ((await get('/activity/sessions?active=false')) as Body[]).map((row) => row['session_id']),
    ).toEqual(['shared']);
    expect(await get('/activity/sessions?since=9000-01-01')).toEqual([]);
  });

  it('tells its own entries of a session, and no other agent', async () => {
    const found = await get('/activity/sessions/shared?limit=2');
    expect(found).toMatchObject({ cost_usd: 1, entries: 4 });
    expect(found.agents.map((row: Body) => row['agent_id'])).toEqual([own.id]);
    const rest = await get(`/activity/sessions/shared?limit=2&cursor=${found.next_cursor}`);
    const timeline = [...found.timeline, ...rest.timeline] as Body[];
    expect(timeline.map((row) => [row['agent_id'], row['operation_type']])).toEqual([
      [own.id, 'agent.complete'],
      [own.id, 'agent.activate'],
      [own.id, 'budget.deduct'],
      [own.id, 'unknown'],
    ]);
    expect(rest.next_cursor).toBeNull();
    expect(JSON.stringify([found, rest])).not.toContain('checker');
  });

  it('knows nothing of a session in which it did not act', async () => {
    const { status, body } = await service.request('GET', '/activity/sessions/foreign', undefined, { key });
    const none = await service.request('GET', '/activity/sessions/nowhere', undefined, { key });
    expect([status, body.code]).toEqual([404, 'SESSION_NOT_FOUND']);
    expect([none.status, none.body.code]).toEqual([404, 'SESSION_NOT_FOUND']);
  });
});
