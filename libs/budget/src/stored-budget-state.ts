import { Injectable } from '@nestjs/common';
import { type AgentRef, BudgetCalendar, type BudgetSnapshot, BudgetState, Clock } from '#kernel';
import { Reader } from '#persistence';
import { PolicyInForce } from '#rbac';
import { Standing } from './standing.js';

/** Reads where an agent stands, with one statement. */
@Injectable()
export class StoredBudgetState extends BudgetState {
  constructor(
    private readonly reader: Reader,
    private readonly policy: PolicyInForce,
    private readonly calendar: BudgetCalendar,
    private readonly clock: Clock,
  ) {
    super();
  }

  async of(agent: AgentRef, sessionId: string | null): Promise<BudgetSnapshot> {
    const terms = {
      rules: this.policy.current.budgets,
      day: this.calendar.today(),
      now: this.clock.now(),
    };
    const spender = { agent, sessionId };
    return (await Standing.read(this.reader, [spender], terms)).of(spender);
  }
}
