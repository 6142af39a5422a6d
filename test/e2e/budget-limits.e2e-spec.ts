import { describe, expect, it } from '@jest/globals';
import { AgentDirectory, BudgetState } from '#kernel';
import { BudgetClient, HeldClock, setBudgets, sumUsd } from '../support/budgets.js';
import { TestService } from '../support/service.js';

const NONE = { maxCostPerDayMicro: null, maxCostPerMonthMicro: null };

/** A service of its own for each test: roles and fleet are shared by all agents. */
async function withService(
  test: (service: TestService, client: BudgetClient, clock: HeldClock) => Promise<void>,
  zone = 'UTC',
): Promise<void> {
  const service = await TestService.start({ BUDGET_TIMEZONE: zone });
  try {
    await test(service, new BudgetClient(service), new HeldClock(service, '2026-01-30T12:00:00.000Z'));
  } finally {
    await service.remove();
  }
}

const of = (amount: number) => ({ max_cost_usd: amount });

describe('limits that agents share', () => {
  it('bound a role a day and a month, charged and set aside, and nobody else', () =>
    withService(async (service, client, clock) => {
      const limits = { maxCostPerDayMicro: 10e6, maxCostPerMonthMicro: 15e6 };
      setBudgets(service, { roles: new Map([['developer', limits]]) });
      const [first, second] = [await client.register(), await client.register()];
      const tester = await client.register({ role: 'tester' });
      await client.deduct(first, { cost_usd: 4 });
      expect((await client.reserve(first, of(2))).body.remaining_cost).toBe(4);
      expect((await client.reserve(second, of(4.000001))).body.remaining_cost).toBe(4);
      expect((await client.reserve(second, of(4))).status).toBe(201);
      expect((await client.reserve(tester, of(20))).status).toBe(201);
      // The next day, when what was reserved has run out: a month has less left than a day.
      clock.set('2026-01-31T12:00:00.000Z');
      await client.deduct(second, { cost_usd: 8 });
      expect((await client.reserve(first, of(2.5))).body.remaining_cost).toBe(2);
      clock.set('2026-01-31T23:59:59.999Z');
      await client.deduct(second, { cost_usd: 1 });
      expect((await client.reserve(first, of(2))).body.remaining_cost).toBe(1);
      clock.advance(1);
      expect((await client.reserve(first, of(10))).status).toBe(201);
    }));

  it('bound the fleet a day and a month, whoever spends, be it unknown', () =>
    withService(async (service, client, clock) => {
      setBudgets(service, { fleet: { maxCostPerDayMicro: 10e6, maxCostPerMonthMicro: 12e6 } });
      const developer = await client.register();
      const tester = await client.register({ role: 'tester' });
      await client.deduct({ id: 'nobody' }, { cost_usd: 3 });
      await client.deduct(tester, { cost_usd: 1 });
      expect((await client.reserve(tester, of(2))).status).toBe(201);
      expect((await client.reserve(developer, of(5))).body.remaining_cost).toBe(4);
      clock.set('2026-01-31T12:00:00.000Z');
      expect((await client.reserve(developer, of(9))).body.remaining_cost).toBe(8);
      clock.set('2026-02-01T00:00:00.000Z');
      expect((await client.reserve(developer, of(11))).body.remaining_cost).toBe(10);
    }));

  it('count what was charged before they were set', () =>
    withService(async (service, client) => {
      const agent = await client.register();
      await client.deduct(agent, { cost_usd: 4 });
      setBudgets(service, {
        fleet: { ...NONE, maxCostPerMonthMicro: 6e6 },
        roles: new Map([['developer', { ...NONE, maxCostPerDayMicro: 5e6 }]]),
      });
      expect((await client.reserve(agent, of(2))).body.remaining_cost).toBe(1);
    }));

  it('are never passed by reservations that arrive together', () =>
    withService(async (service, client) => {
      setBudgets(service, { fleet: { ...NONE, maxCostPerDayMicro: 5e6 } });
      const agents = await Promise.all(
        ['developer', 'tester', 'analyst', 'backend'].map((role) => client.register({ role })),
      );
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, n) => client.reserve(agents[n % 4]!, of(0.3))),
      );
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(16);
    }));
});

describe('where an agent stands', () => {
  it('is what the least of its limits leaves, less what is set aside', () =>
    withService(async (service, client) => {
      const agent = await client.register({ budget_max_tokens_per_session: 1_000 });
      const other = await client.register();
      const standing = (sessionId: string | null = null) =>
        service.get(BudgetState).of(service.get(AgentDirectory).resolve(agent.id)!, sessionId);
      const nothing = { costMicroToday: 0, maxCostMicro: 30e6, reservedMicro: 0, remainingMicro: 30e6 };
      expect(await standing()).toEqual({ ...nothing, sessionTokens: 0, remainingTokens: null, status: 'ok' });
      await client.deduct(agent, { cost_usd: 24, tokens_used: 10, session_id: 's-1' });
      await client.deduct(agent, { tokens_used: 7, session_id: 's-2' });
      await client.reserve(agent, { max_cost_usd: 2, max_tokens: 100, session_id: 's-1' });
      const spent = { costMicroToday: 24e6, maxCostMicro: 30e6, reservedMicro: 2e6, remainingMicro: 4e6 };
      const session = { sessionTokens: 10, remainingTokens: 890 };
      expect(await standing('s-1')).toEqual({ ...spent, ...session, status: 'soft_limit' });
      expect(await standing('s-2')).toMatchObject({ sessionTokens: 7, remainingTokens: 993 });
      await client.deduct(other, { cost_usd: 5 });
      await client.reserve(other, of(1));
      setBudgets(service, { fleet: { ...NONE, maxCostPerDayMicro: 33e6 } });
      expect(await standing('s-1')).toEqual({
        ...spent,
        ...session,
        remainingMicro: 1e6,
        status: 'soft_limit',
      });
    }));
});

describe('days and months', () => {
  it('begin at midnight of the zone, and what is set aside counts on both sides of it', () =>
    withService(async (_service, client, clock) => {
      const agent = await client.register({ budget_max_cost_per_day: 1 });
      clock.set('2026-01-30T22:59:59.999Z');
      await client.deduct(agent, { cost_usd: 0.5 });
      const { body } = await client.reserve(agent, of(0.5));
      clock.advance(1);
      expect(await client.budgetOf(agent)).toMatchObject({ cost_used_today: 0 });
      expect((await client.reserve(agent, of(0.6))).body.remaining_cost).toBe(0.5);
      expect((await client.settle(body.reservation_id, { cost_usd: 0.4 })).body.cost_used_today).toBe(0.4);
      const days = (await client.ledger()).map(({ day, cost_usd }) => [day, cost_usd]);
      expect(days).toEqual([
        ['2026-01-31', 0.4],
        ['2026-01-30', 0.5],
      ]);
    }, 'Europe/Berlin'));

  it.each([
    ['Europe/Berlin', '2026-03-28T12:00:00Z', { '2026-03-28': 22, '2026-03-29': 46, '2026-03-30': 28 }],
    ['Europe/Berlin', '2026-10-24T12:00:00Z', { '2026-10-24': 20, '2026-10-25': 50, '2026-10-26': 26 }],
    ['America/Santiago', '2026-04-03T12:00:00Z', { '2026-04-03': 30, '2026-04-04': 50, '2026-04-05': 16 }],
    ['America/Havana', '2026-10-31T12:00:00Z', { '2026-10-31': 32, '2026-11-01': 50, '2026-11-02': 14 }],
  ])('in %s around %s lose no half hour and count none twice', (zone, start, expected) =>
    withService(async (service, client, clock) => {
      const agent = await client.register();
      const today: number[] = [];
      clock.set(start);
      for (let n = 0; n < 96; n += 1) {
        today.push((await client.deduct(agent, { cost_usd: 0.01 })).body.cost_used_today);
        clock.advance(30 * 60_000);
      }
      const days: Record<string, number> = {};
      const charges = await client.ledger();
      for (const { day } of charges) days[day] = (days[day] ?? 0) + 1;
      expect(days).toEqual(expected);
      expect(sumUsd(charges.map(({ cost_usd }) => cost_usd))).toBe(0.96);
      // Each day's running sum begins once, with its first charge.
      const counts = Object.values(expected);
      expect(today).toEqual(
        counts.flatMap((count) => Array.from({ length: count }, (_, n) => (n + 1) / 100)),
      );
      // Of the fleet's month there is what its days come to.
      clock.advance(-30 * 60_000);
      setBudgets(service, { fleet: { ...NONE, maxCostPerMonthMicro: 1e6 } });
      const month = clock.time.slice(0, 7);
      const inMonth = Object.entries(days).filter(([day]) => day.startsWith(month));
      const spent = inMonth.reduce((sum, [, count]) => sum + count, 0) / 100;
      expect((await client.reserve(agent, of(0))).body.remaining_cost).toBeCloseTo(1 - spent, 9);
    }, zone),
  );
});
