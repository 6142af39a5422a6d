import { Clock } from '#kernel';
import { type BudgetRules, PolicyInForce } from '#rbac';
import { type Answer, anAgent, type TestService } from './service.js';

/** Puts other budget rules in force. */
export function setBudgets(service: TestService, changes: Partial<BudgetRules>): void {
  const policy = service.get(PolicyInForce);
  const { current } = policy;
  const budgets = { ...current.budgets, ...changes };
  policy.put(Object.create(current, { budgets: { value: budgets } }) as typeof current);
}

/** The service's clock, held still. */
export class HeldClock {
  private ms: number;
  private step = 0;

  constructor(service: TestService, time: string) {
    this.ms = Date.parse(time);
    Object.assign(service.get(Clock), {
      now: () => {
        const now = this.ms;
        this.ms += this.step;
        return now;
      },
    });
  }

  /** From now on it goes on by so much whenever it is looked at. */
  advanceAtEachLook(ms: number): void {
    this.step = ms;
  }

  set(time: string): void {
    this.ms = Date.parse(time);
  }

  advance(ms: number): void {
    this.ms += ms;
  }

  get time(): string {
    return new Date(this.ms).toISOString();
  }
}

/** The calls about budgets, as a client makes them. */
export class BudgetClient {
  private count = 0;

  constructor(
    private readonly service: TestService,
    private readonly key?: string,
  ) {}

  /** Registers an agent of a name of its own. */
  async register(changes: Record<string, unknown> = {}): Promise<{ id: string; name: string }> {
    const name = `spender-${(this.count += 1)}`;
    const { body } = await this.service.request('POST', '/agents', anAgent({ name, ...changes }));
    return { id: body.agent_id as string, name };
  }

  reserve(agent: { id: string }, changes: Record<string, unknown> = {}): Promise<Answer> {
    const body = { agent_id: agent.id, max_cost_usd: 0, max_tokens: 0, ttl_s: 600, ...changes };
    return this.post('/budget/reserve', body);
  }

  settle(reservationId: string, changes: Record<string, unknown> = {}): Promise<Answer> {
    return this.post('/budget/settle', {
      reservation_id: reservationId,
      cost_usd: 0,
      tokens_used: 0,
      ...changes,
    });
  }

  deduct(agent: { id: string }, changes: Record<string, unknown> = {}): Promise<Answer> {
    return this.post('/budget/deduct', { agent_id: agent.id, cost_usd: 0, tokens_used: 0, ...changes });
  }

  async budgetOf(agent: { id: string }): Promise<Answer['body']> {
    return (await this.service.request('GET', `/registry/agents/${agent.id}/budget`)).body;
  }

  /** Every charge that the filter lets through, newest first, page by page. */
  async ledger(filter: Record<string, string> = {}, limit = 500): Promise<Answer['body'][]> {
    const items: Answer['body'][] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ ...filter, limit: String(limit), ...(cursor ? { cursor } : {}) });
      const { body } = await this.service.request(
        'GET',
        `/budget/ledger?${query.toString()}`,
        undefined,
        this.options,
      );
      items.push(...body.items);
      cursor = body.next_cursor as string | null;
    } while (cursor !== null);
    return items;
  }

  private post(path: string, body: unknown): Promise<Answer> {
    return this.service.request('POST', path, body, this.options);
  }

  private get options(): { key?: string } {
    return this.key === undefined ? {} : { key: this.key };
  }
}

/** USD, summed as the store sums them. */
export function sumUsd(amounts: readonly number[]): number {
  return amounts.reduce((sum, usd) => sum + Math.round(usd * 1e6), 0) / 1e6;
}
