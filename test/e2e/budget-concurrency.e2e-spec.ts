import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BudgetClient, HeldClock, setBudgets, sumUsd } from '../support/budgets.js';
import { upTo } from '../support/opened-store.js';
import { TestService } from '../support/service.js';

const NOON = '2026-01-31T12:00:00.000Z';

describe('reservations at once', () => {
  let service: TestService;
  let clock: HeldClock;
  let client: BudgetClient;
  beforeAll(async () => {
    service = await TestService.start();
    clock = new HeldClock(service, NOON);
    client = new BudgetClient(service);
  });
  afterAll(() => service.remove());

  it('never pass the limit, and ledger, usage and answers agree', async () => {
    const agent = await client.register({ budget_max_cost_per_day: 10 });
    const reserve = () => client.reserve(agent, { max_cost_usd: 0.3 });
    const answers = await Promise.all(upTo(64).map(reserve));
    const granted = answers.filter(({ status }) => status === 201);
    expect(granted).toHaveLength(33);
    for (const { status, body } of answers.filter((answer) => !granted.includes(answer)))
      expect([status, body.code, body.remaining_cost]).toEqual([409, 'BUDGET_EXCEEDED', 0.1]);
    const settled = await Promise.all(
      granted.map(async ({ body }, index) => {
        const cost_usd = (index * 7_919 + 1) / 1e6;
        return {
          cost_usd,
          ...(await client.settle(body.reservation_id, { cost_usd, tokens_used: index })),
        };
      }),
    );
    expect(settled.map(({ status }) => status)).toEqual(granted.map(() => 201));
    const total = sumUsd(settled.map(({ cost_usd }) => cost_usd));
    expect(Math.max(...settled.map(({ body }) => body.cost_used_today as number))).toBe(total);
    expect((await client.budgetOf(agent)).cost_used_today).toBe(total);
    const charges = await client.ledger({ agent_id: agent.id });
    expect(sumUsd(charges.map(({ cost_usd }) => cost_usd as number))).toBe(total);
  });

  it('never pass the limit between two instances of the service', async () => {
    const agent = await client.register({ budget_max_cost_per_day: 1 });
    const second = await TestService.start({}, service.store);
    new HeldClock(second, clock.time);
    const clients = [client, new BudgetClient(second)];
    const answers = await Promise.all(
      upTo(64).map((n) => clients[n % 2]!.reserve(agent, { max_cost_usd: 0.1 })),
    );
    await second.stop();
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(54);
  });

  it('among deductions and settlements hold, in log order, no more than the limit leaves', async () => {
    const agent = await client.register({ budget_max_cost_per_day: 5 });
    setBudgets(service, { terminateMicro: 1e12 });
    await Promise.all(
      upTo(64).map(async (n) => {
        const { status, body } = await client.reserve(agent, { max_cost_usd: n / 100 });
        if (status === 201) await client.settle(body.reservation_id, { cost_usd: (n * 1.3) / 100 });
        await client.deduct(agent, { cost_usd: 0.001 });
        await client.reserve(agent, { max_cost_usd: 0.05 });
      }),
    );
    const { body: log } = await service.request('GET', `/events/audit?agent_id=${agent.id}&limit=500`);
    const held = new Map<string, number>();
    let used = 0;
    let granted = 0;
    for (const { operation, rbac, cost, context } of log.reverse()) {
      if (operation.type === 'budget.settle') held.delete(context.reservation_id);
      if (operation.type === 'budget.deduct') used += Math.round(cost.usd * 1e6);
      if (operation.type !== 'budget.reserve' || rbac.decision === 'denied') continue;
      held.set(context.reservation_id, Math.round(context.max_cost_usd * 1e6));
      const total = used + [...held.values()].reduce((sum, micro) => sum + micro, 0);
      expect(total).toBeLessThanOrEqual(5e6);
      expect(context.remaining_cost).toBe((5e6 - total) / 1e6);
      granted += 1;
    }
    expect(granted).toBeGreaterThan(10);
  });
});
