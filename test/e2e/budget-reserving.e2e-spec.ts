import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newestEntries, UUID } from '../support/answers.js';
import { BudgetClient, HeldClock } from '../support/budgets.js';
import { upTo } from '../support/opened-store.js';
import { TestService } from '../support/service.js';
import { eventsOf, listen } from '../support/stream.js';

const NOON = '2026-01-31T12:00:00.000Z';

describe('reserving budget', () => {
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

  describe('reserving', () => {
    it('answers what is set aside until when, and what is left', async () => {
      const agent = await client.register();
      const asked = { max_cost_usd: 0.5, max_tokens: 20_000, session_id: 's-1', ttl_s: 600 };
      const { status, body } = await client.reserve(agent, asked);
      expect({ status, body }).toEqual({
        status: 201,
        body: {
          reservation_id: expect.stringMatching(UUID),
          agent_id: agent.id,
          max_cost_usd: 0.5,
          max_tokens: 20_000,
          expires_at: '2026-01-31T12:10:00.000Z',
          remaining_cost: 29.5,
          remaining_tokens: 180_000,
          status: 'ok',
        },
      });
      expect(await client.budgetOf(agent)).toMatchObject({ cost_used_today: 0, remaining_cost: 30 });
    });

    it('is refused what is more than is left, which it states, and takes the rest to the last micro-USD', async () => {
      const agent = await client.register({ budget_max_cost_per_day: 1 });
      await client.deduct(agent, { cost_usd: 0.3 });
      await client.reserve(agent, { max_cost_usd: 0.4 });
      const { status, body } = await client.reserve(agent, { max_cost_usd: 0.300001 });
      expect([status, body.code]).toEqual([409, 'BUDGET_EXCEEDED']);
      expect(body).toMatchObject({
        remaining_cost: 0.3,
        remaining_tokens: null,
        budget_status: 'ok',
        status: 409,
      });
      expect(body.detail).toContain('0.3 USD');
      expect((await client.reserve(agent, { max_cost_usd: 0.3 })).body.remaining_cost).toBe(0);
      expect((await client.reserve(agent, { max_cost_usd: 0.000001 })).status).toBe(409);
    });

    it('counts the tokens of each session, charged and set aside', async () => {
      const agent = await client.register({ budget_max_tokens_per_session: 1_000 });
      const left = async (session_id: string | null, max_tokens: number) => {
        const { status, body } = await client.reserve(agent, { session_id, max_tokens });
        return [status, body.remaining_tokens];
      };
      expect(await left('s-1', 600)).toEqual([201, 400]);
      expect(await left('s-1', 401)).toEqual([409, 400]);
      await client.deduct(agent, { session_id: 's-1', tokens_used: 300 });
      expect(await left('s-1', 101)).toEqual([409, 100]);
      expect(await left('s-1', 100)).toEqual([201, 0]);
      expect(await left('s-2', 1_000)).toEqual([201, 0]);
      expect(await left(null, 5_000)).toEqual([201, null]);
      expect(await left('', 5_000)).toEqual([201, null]);
      const long = 'ü'.repeat(2_048);
      expect(await left(long, 900)).toEqual([201, 100]);
      await client.deduct(agent, { session_id: long, tokens_used: 60 });
      expect(await left(long, 41)).toEqual([409, 40]);
      expect(await left(`${long.slice(1)}x`, 1_000)).toEqual([201, 0]);
    });

    it('is refused whoever has spent what ends its day, however much is left', async () => {
      const agent = await client.register({ budget_max_cost_per_day: 1_000 });
      await client.deduct(agent, { cost_usd: 49.999999 });
      expect((await client.reserve(agent, { max_cost_usd: 1 })).body.status).toBe('paused');
      await client.deduct(agent, { cost_usd: 0.000001 });
      const { status, body } = await client.reserve(agent, { max_cost_usd: 1 });
      expect([status, body.code, body.budget_status]).toEqual([409, 'BUDGET_EXCEEDED', 'terminated']);
    });

    it('keeps 100 open for an agent, whoever holds what beside it', async () => {
      const [agent, other] = [await client.register(), await client.register()];
      const answers = await Promise.all(upTo(101).map(() => client.reserve(agent)));
      const refused = answers.filter(({ status }) => status !== 201);
      expect(refused.map(({ status, body }) => [status, body.code])).toEqual([
        [409, 'TOO_MANY_RESERVATIONS'],
      ]);
      expect((await client.reserve(other)).status).toBe(201);
      const granted = answers.find(({ status }) => status === 201);
      await client.settle(granted?.body.reservation_id);
      expect((await client.reserve(agent)).status).toBe(201);
      expect((await client.reserve(agent)).status).toBe(409);
    });

    it('is 404 for what is no live agent', async () => {
      for (const id of ['nobody', 'unknown', '', '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11']) {
        const { status, body } = await client.reserve({ id });
        expect([id, status, body.code]).toEqual([id, 404, 'AGENT_NOT_FOUND']);
      }
    });

    it('leaves an entry for what was granted and for what was refused, and their frames', async () => {
      const agent = await client.register({ budget_max_cost_per_day: 1 });
      const listener = await listen(service);
      const granted = (await client.reserve(agent, { max_cost_usd: 0.6, max_tokens: 7, session_id: 's-1' }))
        .body;
      const refused = (await client.reserve(agent, { max_cost_usd: 0.6, max_tokens: 7 })).body;
      const [first, second] = await entries(2);
      const about = {
        agent: { agent_id: agent.id, name: agent.name, role: 'developer' },
        operation: { type: 'budget.reserve' },
        target: { resource: agent.id, type: 'budget' },
        cost: { usd: null, tokens_used: null },
        ...{ source: 'decided', route: 'POST /api/v1/budget/reserve' },
      };
      expect(first).toMatchObject({
        ...about,
        rbac: { decision: 'allowed', reason: null },
        outcome: 'success',
      });
      expect(first.context).toMatchObject({
        ...{ reservation_id: granted.reservation_id, session_id: 's-1', expires_at: granted.expires_at },
        ...{ max_cost_usd: 0.6, max_tokens: 7, remaining_cost: 0.4 },
      });
      expect(second).toMatchObject({ ...about, rbac: { decision: 'denied', reason: refused.detail } });
      expect(second.outcome).toBe('denied');
      expect(second.context).toMatchObject({
        code: 'BUDGET_EXCEEDED',
        max_cost_usd: 0.6,
        remaining_cost: 0.4,
      });
      const frames = await eventsOf(service, listener);
      expect(frames.map(({ type, data }) => [type, data['code']])).toEqual([
        ['budget_reservation', undefined],
        ['budget_reservation', 'BUDGET_EXCEEDED'],
      ]);
      listener.ws.close();
    });
  });

  describe('that end', () => {
    it('give back at their end and not before', async () => {
      const agent = await client.register({ budget_max_cost_per_day: 1, budget_max_tokens_per_session: 10 });
      const all = { max_cost_usd: 1, max_tokens: 10, session_id: 's', ttl_s: 60 };
      expect((await client.reserve(agent, all)).status).toBe(201);
      clock.advance(59_999);
      expect((await client.reserve(agent, all)).body).toMatchObject({
        remaining_cost: 0,
        remaining_tokens: 0,
      });
      clock.advance(1);
      expect((await client.reserve(agent, all)).status).toBe(201);
    });

    it('make room for others', async () => {
      const agent = await client.register();
      await Promise.all(upTo(100).map(() => client.reserve(agent, { ttl_s: 1 })));
      expect((await client.reserve(agent)).status).toBe(409);
      clock.advance(1_000);
      expect((await client.reserve(agent)).status).toBe(201);
    });
  });
});
