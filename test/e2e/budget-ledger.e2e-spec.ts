import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey, register } from '../support/access-calls.js';
import { expectProblem, TIME, UUID } from '../support/answers.js';
import { BudgetClient, HeldClock, sumUsd } from '../support/budgets.js';
import { openRaw, upTo } from '../support/opened-store.js';
import { type Answer, TestService } from '../support/service.js';

interface Sum {
  readonly account: string;
  readonly window: string;
  readonly tokens: number;
  readonly costMicro: number;
}

/** What the sums of all windows must be, by the charges. */
function sumsOf(charges: readonly Answer['body'][]): Sum[] {
  const sums = new Map<string, Sum>();
  for (const { agent_id, agent_role, day, session_id, tokens_used, cost_usd } of charges) {
    const month = (day as string).slice(0, 7);
    const shared = agent_role === null ? ['fleet'] : ['fleet', `role:${agent_role}`];
    const windows = [
      [agent_id, day],
      ...(session_id ? [[agent_id, `session:${session_id}`]] : []),
      ...shared.flatMap((account) => [
        [account, day],
        [account, month],
      ]),
    ] as [string, string][];
    for (const [account, window] of windows) {
      const key = `${account} ${window}`;
      const { tokens, costMicro } = sums.get(key) ?? { tokens: 0, costMicro: 0 };
      sums.set(key, {
        ...{ account, window, tokens: tokens + (tokens_used as number) },
        costMicro: costMicro + Math.round(cost_usd * 1e6),
      });
    }
  }
  return sorted([...sums.values()]);
}

const sorted = (sums: Sum[]): Sum[] =>
  sums.sort((a, b) => (`${a.account} ${a.window}` < `${b.account} ${b.window}` ? -1 : 1));

describe('the ledger', () => {
  let service: TestService;
  let clock: HeldClock;
  let client: BudgetClient;
  beforeAll(async () => {
    service = await TestService.start();
    clock = new HeldClock(service, '2026-01-31T12:00:00.000Z');
    client = new BudgetClient(service);
  });
  afterAll(() => service.remove());

  const idsOf = (charges: readonly Answer['body'][]) => charges.map(({ charge_id }) => charge_id as string);

  it('shows a charge with all that it came with', async () => {
    const agent = await client.register();
    const ids = { session_id: 's-1', tool_use_id: 'toolu_1', request_id: 'req_1' };
    const sent = { ...ids, tool_name: 'Task', tokens_used: 5_000, cost_usd: 0.015, timestamp: 'some time' };
    await client.deduct(agent, sent);
    const { status, body } = await service.request('GET', `/budget/ledger?agent_id=${agent.name}`);
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        items: [
          {
            ...{ charge_id: expect.stringMatching(UUID), agent_id: agent.id, agent_role: 'developer' },
            ...{
              ...ids,
              tool_name: 'Task',
              tokens_used: 5_000,
              cost_usd: 0.015,
              client_timestamp: 'some time',
            },
            ...{ day: '2026-01-31', source: 'deduct', reservation_id: null, principal_id: 'local' },
            ...{ claimed_agent: null, charged_at: expect.stringMatching(TIME) },
          },
        ],
        next_cursor: null,
      },
    });
  });

  it('is read whole, newest first and nothing twice, while more is charged', async () => {
    const agent = await client.register();
    for (const n of upTo(10)) {
      await Promise.all(upTo(4).map(() => client.deduct(agent, { tokens_used: n })));
      // Several of one moment, as well as several moments.
      if (n % 3 === 0) clock.advance(1);
    }
    const before = await client.ledger({ agent_id: agent.id });
    expect(before).toHaveLength(40);
    const tokens = before.map(({ tokens_used }) => tokens_used as number);
    expect(tokens).toEqual([...tokens].sort((a, b) => b - a));
    let isRead = false;
    const charging = (async () => {
      let charged = 0;
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it changes while this waits
      for (; !isRead; charged += 1) await client.deduct(agent, { tokens_used: 99 });
      return charged;
    })();
    for (const limit of [1, 7, 39, 40]) {
      const read = idsOf(await client.ledger({ agent_id: agent.id }, limit));
      expect(new Set(read).size).toBe(read.length);
      expect(read.slice(-40)).toEqual(idsOf(before));
    }
    isRead = true;
    const charged = await charging;
    expect(await client.ledger({ agent_id: agent.id })).toHaveLength(40 + charged);
  });

  it('has no page behind the last, be that full or not', async () => {
    const agent = await client.register();
    for (const n of upTo(4)) await client.deduct(agent, { tokens_used: n });
    const page = async (query: string) =>
      (await service.request('GET', `/budget/ledger?agent_id=${agent.id}&${query}`)).body;
    expect((await page('limit=4')).next_cursor).toBeNull();
    const { next_cursor, items } = await page('limit=3');
    expect(items).toHaveLength(3);
    expect(await page(`limit=3&cursor=${next_cursor}`)).toMatchObject({
      items: [{ tokens_used: 1 }],
      next_cursor: null,
    });
  });

  it('is filtered by agent, session, source and time, and by all of them', async () => {
    const [agent, other] = [await client.register(), await client.register()];
    clock.set('2026-02-03T10:00:00.000Z');
    await client.deduct(agent, { tokens_used: 1, session_id: 's-a' });
    await client.deduct(other, { tokens_used: 2, session_id: 's-a' });
    clock.advance(1_000);
    const { body } = await client.reserve(agent, { session_id: 's-b' });
    await client.settle(body.reservation_id, { tokens_used: 3 });
    const metric = {
      agent_id: agent.id,
      metric_type: 'cost',
      tokens_used: 4,
      context: { session_id: 's-b' },
    };
    await service.request('POST', '/metrics', metric);
    clock.advance(1_000);
    await client.deduct({ id: 'nobody' }, { tokens_used: 5 });
    const day = { from: '2026-02-03T00:00:00.000Z' };
    const found = async (filter: Record<string, string>): Promise<number[]> =>
      (await client.ledger({ ...day, ...filter })).map(({ tokens_used }) => tokens_used as number);
    expect(await found({})).toEqual([5, 4, 3, 2, 1]);
    expect(await found({ agent_id: agent.id.toUpperCase() })).toEqual([4, 3, 1]);
    expect(await found({ agent_id: 'unknown' })).toEqual([5]);
    expect(await found({ agent_id: 'nobody' })).toEqual([]);
    expect(await found({ session_id: 's-a' })).toEqual([2, 1]);
    expect(await found({ session_id: 's' })).toEqual([]);
    expect(await found({ source: 'settle' })).toEqual([3]);
    expect(await found({ source: 'metric' })).toEqual([4]);
    const [first, second] = ['2026-02-03T10:00:01.000Z', '2026-02-03T10:00:02.000Z'];
    expect(await found({ from: first, to: second })).toEqual([4, 3]);
    expect(await found({ to: first })).toEqual([2, 1]);
    expect(
      await found({ from: first, to: second, agent_id: agent.name, session_id: 's-b', source: 'settle' }),
    ).toEqual([3]);
  });

  it.each([
    ['limit', ['0', '501', 'x', '-1']],
    ['source', ['other', '__proto__']],
    ['from', ['now', '10:00']],
    ['to', ['2026-02-30']],
    ['skip', ['-1', 'x']],
    ['cursor', ['x', 'Z'.repeat(44), '%00']],
  ])('refuses a bad %s', async (field, values) => {
    for (const value of values)
      expectProblem(
        await service.request('GET', `/budget/ledger?${field}=${value}`),
        422,
        'VALIDATION_FAILED',
        field,
      );
  });

  it('adds up to every sum that is kept', async () => {
    const agents = await Promise.all(
      ['developer', 'tester', 'analyst'].map((role) => client.register({ role })),
    );
    const whoever = [...agents, { id: 'nobody' }];
    clock.set('2026-02-28T23:59:00.000Z');
    for (const round of upTo(4)) {
      await Promise.all(
        upTo(24).map(async (n) => {
          const agent = whoever[n % 4]!;
          const amounts = { cost_usd: (n * round * 7_919) / 1e6, tokens_used: n };
          const session = { session_id: n % 3 ? `s-${n % 3}` : null };
          // The tool use of one round is charged in that round alone.
          await client.deduct(agent, { ...amounts, ...session, tool_use_id: `toolu-${n % 12}` });
          const { status, body } = await client.reserve(agent, { max_cost_usd: 0.1, ...session });
          if (status === 201) await client.settle(body.reservation_id, amounts);
        }),
      );
      clock.advance(30_000);
    }
    const charges = await client.ledger();
    const raw = await openRaw(service.store);
    const rows = await raw.query<Record<string, string | number>[]>('SELECT * FROM budget_usage');
    await raw.destroy();
    const kept = rows.map(({ account, day, tokens_used, cost_micro }) => ({
      ...{ account, window: day, tokens: Number(tokens_used), costMicro: Number(cost_micro) },
    })) as Sum[];
    expect(sorted(kept)).toEqual(sumsOf(charges));
    const today = await client.budgetOf(agents[0]!);
    const own = charges.filter(({ agent_id, day }) => agent_id === agents[0]!.id && day === '2026-03-01');
    expect(own.length).toBeGreaterThan(0);
    expect(today.cost_used_today).toBe(sumUsd(own.map(({ cost_usd }) => cost_usd)));
  });
});

describe('the ledger, RBAC on', () => {
  it("shows an agent's key its own charges alone", async () => {
    const service = await TestService.start({ RBAC_ENABLED: 'true' });
    const [own, other] = [await register(service, 'own'), await register(service, 'other')];
    const admin = new BudgetClient(service);
    for (const agent of [own, other, { id: 'nobody' }]) await admin.deduct(agent, { tokens_used: 1 });
    const { secret } = await aKey(service, 'admin', own);
    const seen = await new BudgetClient(service, secret).ledger();
    expect(seen.map(({ agent_id }) => agent_id)).toEqual([own.id]);
    expect(await admin.ledger()).toHaveLength(3);
    await service.remove();
  });
});
