import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey } from '../support/access-calls.js';
import { newestEntries } from '../support/answers.js';
import { BudgetClient, HeldClock } from '../support/budgets.js';
import { upTo } from '../support/opened-store.js';
import { TestService } from '../support/service.js';
import { eventsOf, listen } from '../support/stream.js';

const NOON = '2026-01-31T12:00:00.000Z';

describe('settling a reservation', () => {
  let service: TestService;
  let clock: HeldClock;
  let client: BudgetClient;
  beforeAll(async () => {
    service = await TestService.start();
    clock = new HeldClock(service, NOON);
    client = new BudgetClient(service);
  });
  afterAll(() => service.remove());

  const entries = async (count: number) => (await newestEntries(service, count)).reverse();

  const reserved = async (agent: { id: string }, changes: Record<string, unknown> = {}): Promise<string> =>
    (await client.reserve(agent, { max_cost_usd: 0.5, max_tokens: 100, session_id: 's-1', ...changes })).body
      .reservation_id as string;

  it('charges what was spent in place of what was set aside', async () => {
    const agent = await client.register({ budget_max_cost_per_day: 1, budget_max_tokens_per_session: 100 });
    const id = await reserved(agent);
    const { status, body } = await client.settle(id, { cost_usd: 0.2, tokens_used: 40 });
    expect({ status, body }).toEqual({
      status: 201,
      body: {
        ...{ agent_id: agent.id, tokens_used_today: 40, cost_used_today: 0.2, remaining_cost: 0.8 },
        ...{ status: 'ok', charged: true },
      },
    });
    expect((await client.reserve(agent, { session_id: 's-1' })).body).toMatchObject({
      remaining_cost: 0.8,
      remaining_tokens: 60,
    });
    const [charge, ...others] = await client.ledger({ agent_id: agent.id });
    expect(others).toEqual([]);
    expect(charge).toMatchObject({
      ...{ source: 'settle', cost_usd: 0.2, tokens_used: 40, session_id: 's-1', reservation_id: id },
      ...{ agent_id: agent.id, agent_role: 'developer', day: '2026-01-31', claimed_agent: null },
    });
  });

  it('happens once, one after another and at once', async () => {
    const agent = await client.register();
    const id = await reserved(agent);
    const settle = () => client.settle(id, { cost_usd: 0.25, tokens_used: 10 });
    const answers = [...(await Promise.all(upTo(16).map(settle))), await settle()];
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused).toHaveLength(16);
    for (const { status, body } of refused) expect([status, body.code]).toEqual([409, 'RESERVATION_SETTLED']);
    expect(await client.budgetOf(agent)).toMatchObject({ cost_used_today: 0.25, tokens_used_today: 10 });
  });

  it('charges in full what is more than was set aside, and what comes late', async () => {
    const agent = await client.register({ budget_max_cost_per_day: 1 });
    const [excess, late] = [await reserved(agent), await reserved(agent, { ttl_s: 1 })];
    expect((await client.settle(excess, { cost_usd: 1.5 })).body).toMatchObject({
      ...{ cost_used_today: 1.5, remaining_cost: -0.5, status: 'exceeded' },
    });
    clock.advance(1_000);
    expect((await client.settle(late, { cost_usd: 0.5 })).body).toMatchObject({ cost_used_today: 2 });
    const { body } = await service.request('GET', '/events/audit?operation_type=budget.settle&limit=2');
    expect(body.map(({ context }: { context: { late: boolean } }) => context.late)).toEqual([true, false]);
  });

  it('leaves an entry, and that of its charge, each with its frame', async () => {
    const agent = await client.register();
    const id = await reserved(agent);
    const listener = await listen(service);
    await client.settle(id, { cost_usd: 0.2, tokens_used: 40 });
    const [settled, charged] = await entries(2);
    expect(settled).toMatchObject({
      operation: { type: 'budget.settle' },
      target: { resource: agent.id, type: 'budget' },
      cost: { usd: null, tokens_used: null },
      context: {
        ...{ reservation_id: id, max_cost_usd: 0.5, max_tokens: 100, late: false },
        ...{ cost_usd: 0.2, tokens_used: 40 },
      },
    });
    expect(charged).toMatchObject({
      operation: { type: 'budget.deduct' },
      cost: { usd: 0.2, tokens_used: 40 },
      context: { source: 'settle', reservation_id: id },
    });
    const frames = await eventsOf(service, listener);
    expect(frames.map(({ type, data }) => [type, data['reservation_id']])).toEqual([
      ['budget_settled', id],
      ['budget_updated', id],
    ]);
    listener.ws.close();
  });

  it('books to unknown what an agent spent that was retired meanwhile', async () => {
    const agent = await client.register();
    const id = await reserved(agent);
    await service.request('DELETE', `/agents/${agent.id}`);
    expect((await client.settle(id, { cost_usd: 0.2 })).body.agent_id).toBe('unknown');
    const [charge] = await client.ledger({ source: 'settle' });
    expect(charge).toMatchObject({ agent_id: 'unknown', claimed_agent: agent.id, reservation_id: id });
  });

  it.each(['5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11', 'nonsense', '', "' OR 1 = 1 --"])(
    'is 404 for %j',
    async (id) => {
      const { status, body } = await client.settle(id);
      expect([status, body.code]).toEqual([404, 'RESERVATION_NOT_FOUND']);
    },
  );

  it('needs all of its fields, in bounds', async () => {
    const names = async (body: unknown): Promise<string[]> => {
      const answer = await service.request('POST', '/budget/settle', body);
      expect(answer.status).toBe(422);
      return answer.body.errors.map((error: { path: string }) => error.path);
    };
    expect(await names({})).toEqual(['reservation_id', 'cost_usd', 'tokens_used']);
    expect(await names({ reservation_id: 1, cost_usd: -1, tokens_used: 1.5 })).toHaveLength(3);
    expect(await names({ reservation_id: 'x', cost_usd: 1e6 + 1, tokens_used: 1e12 + 1 })).toHaveLength(2);
  });
});

describe('a reservation of another', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
  });
  afterAll(() => service.remove());

  it('is settled by nobody but who reserved, and is open to them still', async () => {
    const agent = await new BudgetClient(service).register();
    const keys = [await aKey(service, 'developer', agent), await aKey(service, 'developer', agent)];
    const [reserver, other] = keys.map(({ secret }) => new BudgetClient(service, secret));
    const id = (await reserver!.reserve(agent, { max_cost_usd: 1 })).body.reservation_id as string;
    for (const client of [other!, new BudgetClient(service)]) {
      const { status, body } = await client.settle(id, { cost_usd: 1 });
      expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
    }
    const [entry] = await newestEntries(service);
    expect(entry).toMatchObject({
      operation: { type: 'access.denied' },
      route: 'POST /api/v1/budget/settle',
    });
    expect((await reserver!.settle(id, { cost_usd: 0.5 })).body.cost_used_today).toBe(0.5);
    const { status, body } = await other!.settle(id);
    expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
  });
});
