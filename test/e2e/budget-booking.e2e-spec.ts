import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AgentDirectory, ChargeRecorder, type Sink, systemContext, TransactionRunner } from '#kernel';
import { BudgetClient, HeldClock } from '../support/budgets.js';
import { openRaw, upTo } from '../support/opened-store.js';
import { TestService } from '../support/service.js';

describe('booking', () => {
  let service: TestService;
  let clock: HeldClock;
  let client: BudgetClient;
  beforeAll(async () => {
    service = await TestService.start();
    clock = new HeldClock(service, '2026-01-31T12:00:00.000Z');
    client = new BudgetClient(service);
  });
  afterAll(() => service.remove());

  it('counts in the day in which it happens, and not in which it was asked for', async () => {
    const agent = await client.register();
    clock.set('2026-01-31T23:59:59.999Z');
    await service.get(TransactionRunner).append(systemContext('test'), (tx) => {
      const result = service.get(ChargeRecorder).charge(tx, {
        ...{ agent: service.get(AgentDirectory).resolve(agent.id), source: 'deduct' },
        ...{ tokensUsed: 1, costMicro: 1e6, toolName: null, sessionId: null, toolUseId: null },
        ...{ requestId: null, clientTimestamp: null, claimedAgent: null },
      });
      // As when another process holds the lock.
      clock.advance(1);
      return result;
    });
    const [charge] = await client.ledger({ agent_id: agent.id });
    expect(charge).toMatchObject({ day: '2026-02-01', charged_at: '2026-02-01T00:00:00.000Z' });
    expect((await client.budgetOf(agent)).cost_used_today).toBe(1);
  });

  it('lies in its day when midnight falls between two looks at the clock', async () => {
    const agent = await client.register();
    clock.set('2026-02-01T23:59:59.999Z');
    clock.advanceAtEachLook(1);
    await client.deduct(agent, { cost_usd: 1 });
    clock.advanceAtEachLook(0);
    const [charge] = await client.ledger({ agent_id: agent.id });
    expect((charge.charged_at as string).slice(0, 10)).toBe(charge.day);
  });

  it('happens once where its group fails and is tried again', async () => {
    const [agent, holder] = [await client.register(), await client.register()];
    const failing: Sink<null> = {
      ...{ name: 'failing', order: 50 },
      flush: () => Promise.reject(new Error('no')),
    };
    const charges = upTo(12).map((n) => {
      return client.deduct(agent, { cost_usd: 1, tool_use_id: `toolu-${n % 11}`, session_id: 's-1' });
    });
    const held = client.reserve(holder, { max_cost_usd: 1 });
    const failures = upTo(8).map(() =>
      service.get(TransactionRunner).append(systemContext('test'), (tx) => tx.tx.add(failing, null)),
    );
    for (const { status } of await Promise.allSettled(failures)) expect(status).toBe('rejected');
    const answers = (await Promise.all(charges)).map(({ body }) => body);
    expect(answers.filter(({ charged }) => charged === true)).toHaveLength(11);
    expect(Math.max(...answers.map(({ cost_used_today }) => cost_used_today as number))).toBe(11);
    expect(await client.ledger({ agent_id: agent.id })).toHaveLength(11);
    expect((await client.budgetOf(agent)).cost_used_today).toBe(11);
    const query = `agent_id=${agent.id}&operation_type=budget.threshold`;
    const steps = (await service.request('GET', `/events/audit?${query}`)).body;
    expect(steps.map(({ context }: { context: { step: string } }) => context.step)).toEqual(['notify']);
    expect((await held).body.remaining_cost).toBe(29);
    expect((await client.reserve(holder)).body.remaining_cost).toBe(29);
  });

  it('adds exactly to a sum that is more than a number can be', async () => {
    const raw = await openRaw(service.store);
    const agent = await client.register();
    const window = `account = '${agent.id}' AND day = 'session:s-1'`;
    await client.deduct(agent, { session_id: 's-1', tokens_used: 1e12, cost_usd: 1e6 });
    await raw.query(`UPDATE budget_usage SET tokens_used = 9007199254740993, cost_micro = 9007199254740993
      WHERE ${window}`);
    await client.deduct(agent, { session_id: 's-1', tokens_used: 1e12, cost_usd: 1e6 });
    await client.deduct(agent, { session_id: 's-1', tokens_used: 1, cost_usd: 0.000003 });
    const [sum] = await raw.query<{ tokens: string; micro: string }[]>(
      `SELECT CAST(tokens_used AS TEXT) AS tokens, CAST(cost_micro AS TEXT) AS micro
       FROM budget_usage WHERE ${window}`,
    );
    await raw.destroy();
    expect(sum).toEqual({ tokens: '9008199254740994', micro: '9008199254740996' });
  });

  it('keeps a long session as its digest, by which all of its charges are found', async () => {
    const agent = await client.register();
    const session_id = 'ü'.repeat(2_048);
    await client.deduct(agent, { session_id, tokens_used: 1 });
    const { body } = await client.reserve(agent, { session_id });
    await client.settle(body.reservation_id, { tokens_used: 2 });
    await client.deduct(agent, { session_id: `${session_id.slice(1)}x`, tokens_used: 4 });
    const found = await client.ledger({ session_id });
    expect(found.map(({ tokens_used }) => tokens_used as number)).toEqual([2, 1]);
    for (const charge of found) expect(charge.session_id).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});
