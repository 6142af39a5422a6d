import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expectProblem, LOCAL, logSize, newestEntries } from '../support/answers.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

describe('budgets', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.remove());

  let count = 0;
  const register = async (changes: Record<string, unknown> = {}): Promise<Answer['body']> =>
    (await service.request('POST', '/agents', anAgent({ name: `spender-${++count}`, ...changes }))).body;
  const deduct = async (body: Record<string, unknown>): Promise<Answer['body']> => {
    const answer = await service.request('POST', '/budget/deduct', { tokens_used: 0, ...body });
    expect(answer.status).toBe(201);
    return answer.body;
  };
  const budgetOf = async (reference: string): Promise<Answer['body']> =>
    (await service.request('GET', `/registry/agents/${reference}/budget`)).body;

  describe('deducting', () => {
    it('answers the account after the charge, the agent by its id however it was named', async () => {
      const { agent_id, name } = await register();
      expect(await deduct({ agent_id: name, tokens_used: 5000, cost_usd: 0.015 })).toMatchObject({
        ...{
          agent_id,
          tokens_used_today: 5000,
          cost_used_today: 0.015,
          remaining_cost: 29.985,
          status: 'ok',
        },
      });
      expect(await deduct({ agent_id: agent_id.toUpperCase(), tokens_used: 1, cost_usd: 1 })).toMatchObject({
        ...{ agent_id, tokens_used_today: 5001, cost_used_today: 1.015, remaining_cost: 28.985 },
      });
    });

    it('is soft-limited from 80 % on, exceeded above the limit, paused and ended as the policy says, and never refused', async () => {
      const { name } = await register({ budget_max_cost_per_day: 1 });
      const spend = async (cost_usd: number): Promise<unknown> => {
        const { remaining_cost, status } = await deduct({ agent_id: name, cost_usd });
        return [remaining_cost, status];
      };
      expect(await spend(0.799999)).toEqual([0.200001, 'ok']);
      expect(await spend(0.000001)).toEqual([0.2, 'soft_limit']);
      expect(await spend(0.1)).toEqual([0.1, 'soft_limit']);
      expect(await spend(0.2)).toEqual([-0.1, 'exceeded']);
      expect(await spend(23.899999)).toEqual([-23.999999, 'exceeded']);
      expect(await spend(0.000001)).toEqual([-24, 'paused']);
      expect(await spend(1_000_000)).toEqual([-1_000_024, 'terminated']);
      expect(await budgetOf(name)).toMatchObject({ remaining_cost: -1_000_024, status: 'terminated' });
    });

    it('books what names no live agent to the account unknown', async () => {
      const retired = await register();
      await service.request('DELETE', `/agents/${retired.agent_id}`);
      let spent = 0;
      for (const agent of [
        undefined,
        null,
        '',
        'nobody',
        'system',
        'unknown',
        retired.name,
        retired.agent_id,
      ]) {
        const answer = await deduct({ ...(agent === undefined ? {} : { agent_id: agent }), cost_usd: 1 });
        expect(answer).toMatchObject({ agent_id: 'unknown', cost_used_today: (spent += 1), status: 'ok' });
        expect(answer.remaining_cost).toBeNull();
        const [entry] = await newestEntries(service);
        expect(entry.context.claimed_agent).toBe(agent || undefined);
      }
    });

    it('needs tokens and cost, and takes everything else or nothing', async () => {
      expectProblem(
        await service.request('POST', '/budget/deduct', {}),
        422,
        'VALIDATION_FAILED',
        ...['tokens_used', 'cost_usd'],
      );
      const { name } = await register();
      const nulls = {
        agent_role: null,
        tool_name: null,
        session_id: null,
        tool_use_id: null,
        timestamp: null,
      };
      await deduct({ agent_id: name, cost_usd: 0, ...nulls, __proto: 1, unheard_of: { of: [] } });
      expect(await budgetOf(name)).toMatchObject({ tokens_used_today: 0, cost_used_today: 0 });
    });

    it('charges the day of arrival, whatever time the client names', async () => {
      const { name } = await register();
      for (const timestamp of ['2020-01-05T10:00:00.000Z', '2999-01-01T00:00:00Z', 'some time'])
        await deduct({ agent_id: name, cost_usd: 1, timestamp });
      expect((await budgetOf(name)).cost_used_today).toBe(3);
    });

    it('leaves an entry: who, what, through which route, under which request', async () => {
      const { agent_id, name } = await register();
      const size = await logSize(service);
      const sent = {
        agent_id: name,
        tool_name: 'Task',
        tokens_used: 5000,
        cost_usd: 0.015,
        session_id: 's-1',
      };
      await service.request('POST', '/budget/deduct', sent, { headers: { 'x-request-id': 'charge-1' } });
      expect(await logSize(service)).toBe(size + 1);
      const [entry] = await newestEntries(service);
      expect(entry).toMatchObject({
        agent: { agent_id, name, role: 'developer' },
        operation: { type: 'budget.deduct', detail: 'Task' },
        target: { resource: agent_id, type: 'budget' },
        rbac: { decision: 'allowed' },
        cost: { usd: 0.015, tokens_used: 5000 },
        context: {
          agent_id,
          agent_name: name,
          tokens_used_today: 5000,
          remaining_cost: 29.985,
          session_id: 's-1',
        },
        ...{ source: 'decided', principal: LOCAL, route: 'POST /api/v1/budget/deduct', outcome: 'success' },
        trace_id: 'charge-1',
      });
      await deduct({ agent_id: 'nobody', cost_usd: 1 });
      const [unknown] = await newestEntries(service);
      expect(unknown).toMatchObject({
        agent: { agent_id: 'unknown', name: 'unknown', role: 'unknown' },
        target: { resource: 'unknown' },
      });
    });
  });

  describe('money', () => {
    it('sums 64 deductions of 0.1 that arrive together exactly', async () => {
      const { name } = await register();
      const answers = await Promise.all(
        Array.from({ length: 64 }, () => deduct({ agent_id: name, tokens_used: 3, cost_usd: 0.1 })),
      );
      expect(await budgetOf(name)).toMatchObject({
        tokens_used_today: 192,
        cost_used_today: 6.4,
        remaining_cost: 23.6,
      });
      const seen = answers.map((answer) => answer.cost_used_today).sort((a, b) => a - b);
      expect(seen).toEqual(Array.from({ length: 64 }, (_, i) => (i + 1) / 10));
    });

    it.each([
      [0.0000004, 0],
      [0.0000005, 0.000001],
      [0.0000015, 0.000002],
      [0.0000025, 0.000003],
      [1.0000005, 1.000001],
      [1.0000004999, 1],
      [8.0000035, 8.000004],
      [999999.9999995, 1_000_000],
      [1e-7, 0],
      [5e-324, 0],
    ])('rounds %d USD half up to %d', async (cost_usd, rounded) => {
      const { name } = await register();
      expect((await deduct({ agent_id: name, cost_usd })).cost_used_today).toBe(rounded);
    });

    it('rounds any decimal amount half up on its digits', async () => {
      const amount = fc.tuple(fc.nat(99_999), fc.nat(99_999_999));
      await fc.assert(
        fc.asyncProperty(amount, async ([whole, fraction]) => {
          const { name } = await register();
          const digits = String(fraction).padStart(8, '0');
          const sent = `{"agent_id":"${name}","tokens_used":0,"cost_usd":${whole}.${digits}}`;
          const { body } = await service.request('POST', '/budget/deduct', sent);
          const micro = (BigInt(`${whole}${digits}`) + 50n) / 100n;
          expect(body.cost_used_today).toBe(Number(micro) / 1e6);
        }),
        { numRuns: 40 },
      );
    });

    it('sums any amounts exactly, in any order and at once', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(1_000_000_000), { minLength: 1, maxLength: 20 }), async (micros) => {
          const { name } = await register();
          await Promise.all(micros.map((micro) => deduct({ agent_id: name, cost_usd: micro / 1e6 })));
          const total = micros.reduce((sum, micro) => sum + micro, 0);
          expect((await budgetOf(name)).cost_used_today).toBe(total / 1e6);
        }),
        { numRuns: 15 },
      );
    });
  });

  describe.each(['tool_use_id', 'request_id'])('a %s', (field) => {
    it('is charged once, one after another and at once', async () => {
      const { name } = await register();
      const once = { agent_id: name, tokens_used: 10, cost_usd: 1, [field]: `id-${name}` };
      const size = await logSize(service);
      const answers = await Promise.all(Array.from({ length: 16 }, () => deduct(once)));
      answers.push(await deduct({ ...once, cost_usd: 7 }));
      for (const answer of answers)
        expect(answer).toMatchObject({ tokens_used_today: 10, cost_used_today: 1, remaining_cost: 29 });
      expect(await budgetOf(name)).toMatchObject({ tokens_used_today: 10, cost_used_today: 1 });
      expect(await logSize(service)).toBe(size + 1);
    });

    it('belongs to its agent, and another one is another charge', async () => {
      const [first, second] = [await register(), await register()];
      for (const { name } of [first, second])
        await deduct({ agent_id: name, cost_usd: 1, [field]: 'shared' });
      await deduct({ agent_id: first.name, cost_usd: 1, [field]: 'another' });
      expect((await budgetOf(first.name)).cost_used_today).toBe(2);
      expect((await budgetOf(second.name)).cost_used_today).toBe(1);
    });

    it('that is empty or null is none', async () => {
      const { name } = await register();
      for (const id of [null, null, '', '']) await deduct({ agent_id: name, cost_usd: 1, [field]: id });
      expect((await budgetOf(name)).cost_used_today).toBe(4);
    });

    it('is taken up to 4 KiB, told apart to its last character, and kept as a digest when it is long', async () => {
      const { name } = await register();
      const long = 'ü'.repeat(2047) + 'x';
      for (const id of [long, long, `${long}y`, 'z'.repeat(512), 'z'.repeat(512), 'z'.repeat(513)])
        await deduct({ agent_id: name, cost_usd: 1, [field]: id });
      expect((await budgetOf(name)).cost_used_today).toBe(4);
      const entries = (await newestEntries(service, 4)) as { context: Record<string, string> }[];
      const kept = entries.map(({ context }) => context[field]).reverse();
      const digest = (id: string) => `sha256:${createHash('sha256').update(id).digest('hex')}`;
      expect(kept).toEqual([digest(long), digest(`${long}y`), 'z'.repeat(512), digest('z'.repeat(513))]);
      const refused = { agent_id: name, tokens_used: 0, cost_usd: 1, [field]: 'x'.repeat(4097) };
      expectProblem(
        await service.request('POST', '/budget/deduct', refused),
        422,
        'VALIDATION_FAILED',
        field,
      );
    });

    it('is charged once on the account unknown as well', async () => {
      const before = (await deduct({ cost_usd: 0 })).cost_used_today;
      for (let i = 0; i < 3; i++) await deduct({ agent_id: 'nobody', cost_usd: 1, [field]: 'unknown-1' });
      expect((await deduct({ cost_usd: 0 })).cost_used_today).toBe(Number(before) + 1);
    });
  });

  describe('reading', () => {
    it('answers limits, use and what is left, the role filled in', async () => {
      const { agent_id, name } = await register({ role: 'analyst' });
      await deduct({ agent_id: name, tokens_used: 9, cost_usd: 12 });
      for (const reference of [agent_id, agent_id.toUpperCase(), name]) {
        expect(await budgetOf(reference)).toEqual({
          agent_id,
          max_tokens_per_session: 100_000,
          max_cost_per_day: 15,
          currency: 'USD',
          tokens_used_today: 9,
          cost_used_today: 12,
          remaining_cost: 3,
          last_reset: expect.stringMatching(/T00:00:00\.000Z$/),
          status: 'soft_limit',
        });
      }
      const { body } = await service.request('GET', `/agents/${name}`);
      expect(body.budget).toMatchObject({ tokens_used_today: 9, cost_used_today: 12 });
    });

    it('follows a new limit at once', async () => {
      const { name } = await register();
      await deduct({ agent_id: name, cost_usd: 10 });
      await service.request('PUT', `/agents/${name}`, { budget_max_cost_per_day: 9.5 });
      expect(await budgetOf(name)).toMatchObject({
        max_cost_per_day: 9.5,
        remaining_cost: -0.5,
        status: 'exceeded',
      });
      expect(await deduct({ agent_id: name, cost_usd: 0 })).toMatchObject({
        remaining_cost: -0.5,
        status: 'exceeded',
      });
    });

    it.each(['nobody', 'unknown', 'system', '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11'])(
      'is 404 for %s',
      async (reference) => {
        const answer = await service.request('GET', `/registry/agents/${reference}/budget`);
        expectProblem(answer, 404, 'AGENT_NOT_FOUND');
      },
    );
  });
});
