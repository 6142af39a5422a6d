import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BudgetClient, HeldClock, setBudgets } from '../support/budgets.js';
import { upTo } from '../support/opened-store.js';
import { type Answer, TestService } from '../support/service.js';
import { eventsOf, listen } from '../support/stream.js';

describe('escalation', () => {
  let service: TestService;
  let clock: HeldClock;
  let client: BudgetClient;
  beforeAll(async () => {
    service = await TestService.start();
    clock = new HeldClock(service, '2026-01-31T12:00:00.000Z');
    client = new BudgetClient(service);
  });
  afterAll(() => service.remove());

  /** The entries about an agent's steps, oldest first. */
  async function stepsOf(agent: { id: string }): Promise<Answer['body'][]> {
    const query = `agent_id=${agent.id}&operation_type=budget.threshold&limit=100`;
    return (await service.request('GET', `/events/audit?${query}`)).body.reverse();
  }
  const namesOf = async (agent: { id: string }): Promise<string[]> =>
    (await stepsOf(agent)).map(({ context }) => context.step as string);

  it('goes through its steps as the day is spent, each once, at its very amount', async () => {
    const agent = await client.register({ budget_max_cost_per_day: 20 });
    const statuses: string[] = [];
    for (const cost_usd of [9.999999, 0.000001, 5.999999, 0.000001, 4, 0.000001, 4.999998, 0.000001, 25, 100])
      statuses.push((await client.deduct(agent, { cost_usd })).body.status);
    expect(statuses).toEqual([
      ...['ok', 'ok', 'ok', 'soft_limit', 'soft_limit', 'exceeded', 'exceeded', 'paused'],
      ...['terminated', 'terminated'],
    ]);
    const steps = await stepsOf(agent);
    const seen = steps.map(({ context }) => [context.step, context.cost_used_today, context.limit]);
    expect(seen).toEqual([
      ['notify', 10, 10],
      ['soft_limit', 16, 16],
      ['exceeded', 20.000001, 20],
      ['pause_and_approve', 25, 25],
      ['terminate', 50, 50],
    ]);
    expect(steps[0]).toMatchObject({
      agent: { agent_id: agent.id, name: agent.name, role: 'developer' },
      operation: { type: 'budget.threshold', detail: 'notify' },
      target: { resource: agent.id, type: 'budget' },
      context: { agent_id: agent.id, agent_name: agent.name },
      cost: { usd: null, tokens_used: null },
      ...{ source: 'decided', route: 'POST /api/v1/budget/deduct' },
    });
  });

  it('takes several steps with one charge, and each once with charges that arrive together', async () => {
    const [one, many] = [await client.register(), await client.register()];
    await client.deduct(one, { cost_usd: 60 });
    await Promise.all(upTo(60).map(() => client.deduct(many, { cost_usd: 1 })));
    const all = ['notify', 'soft_limit', 'pause_and_approve', 'exceeded', 'terminate'];
    expect((await namesOf(one)).sort()).toEqual([...all].sort());
    expect((await namesOf(many)).sort()).toEqual([...all].sort());
  });

  it('is told in a frame after that of its charge, and once', async () => {
    const agent = await client.register();
    const listener = await listen(service);
    const once = { cost_usd: 10, tool_use_id: 'toolu_01' };
    for (const charge of [once, once, { cost_usd: 1 }]) await client.deduct(agent, charge);
    const frames = await eventsOf(service, listener);
    expect(frames.map(({ type }) => type)).toEqual(['budget_updated', 'budget_threshold', 'budget_updated']);
    expect(frames[1]?.data).toEqual({
      ...{ agent_id: agent.id, agent_name: agent.name },
      ...{ step: 'notify', cost_used_today: 10, limit: 10 },
    });
    listener.ws.close();
  });

  it('follows settlements and metrics as it follows deductions', async () => {
    const [settler, measured] = [await client.register(), await client.register()];
    const { body } = await client.reserve(settler, { max_cost_usd: 1 });
    await client.settle(body.reservation_id, { cost_usd: 10 });
    const metric = { agent_id: measured.id, metric_type: 'cost', cost_usd: 10 };
    await service.request('POST', '/metrics', metric);
    expect(await namesOf(settler)).toEqual(['notify']);
    expect(await namesOf(measured)).toEqual(['notify']);
  });

  it('begins anew with each day', async () => {
    const agent = await client.register();
    await client.deduct(agent, { cost_usd: 60 });
    clock.set('2026-02-01T00:00:00.000Z');
    expect((await client.deduct(agent, { cost_usd: 9 })).body.status).toBe('ok');
    expect((await client.deduct(agent, { cost_usd: 1 })).body.status).toBe('ok');
    expect(await namesOf(agent)).toHaveLength(6);
  });

  it('is nothing for the account unknown', async () => {
    const { body } = await client.deduct({ id: 'nobody' }, { cost_usd: 1_000 });
    expect(body.status).toBe('ok');
    expect(await stepsOf({ id: 'unknown' })).toEqual([]);
  });

  it('follows the policy in force at once', async () => {
    const agent = await client.register();
    await client.deduct(agent, { cost_usd: 3 });
    expect((await client.budgetOf(agent)).status).toBe('ok');
    setBudgets(service, { softLimit: 0.1, pauseMicro: 4e6, terminateMicro: 5e6 });
    expect((await client.budgetOf(agent)).status).toBe('soft_limit');
    expect((await client.deduct(agent, { cost_usd: 1 })).body.status).toBe('paused');
    expect((await client.deduct(agent, { cost_usd: 1 })).body.status).toBe('terminated');
    expect(await namesOf(agent)).toEqual(['pause_and_approve', 'terminate']);
  });
});
