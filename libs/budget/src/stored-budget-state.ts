import { Injectable } from '@nestjs/common';
import {
  type AgentRef,
  BudgetCalendar,
  type BudgetSnapshot,
  BudgetState,
  type BudgetStatus,
  Clock,
} from '#kernel';
import { Reader } from '#persistence';
import { PolicyInForce } from '#rbac';
import { statusOf } from './budget-status.js';
import { type Spender, Standing } from './standing.js';

/** How many are answered by one statement at the most. */
const TOGETHER = 100;

interface Asked {
  readonly spender: Spender;
  readonly answer: (snapshot: BudgetSnapshot) => void;
  readonly fail: (error: unknown) => void;
}

/** Reads where agents stand: those that are asked about while a read is under way share the next one. */
@Injectable()
export class StoredBudgetState extends BudgetState {
  private waiting: Asked[] = [];
  private reading = false;

  constructor(
    private readonly reader: Reader,
    private readonly policy: PolicyInForce,
    private readonly calendar: BudgetCalendar,
    private readonly clock: Clock,
  ) {
    super();
  }

  of(agent: AgentRef, session: string | null): Promise<BudgetSnapshot> {
    // As it stands in the ledger.
    const sessionId = session && this.policy.current.redactor.text(session);
    return new Promise((answer, fail) => {
      this.waiting.push({ spender: { agent, sessionId }, answer, fail });
      if (!this.reading) void this.readAll();
    });
  }

  statusAt({ maxCostPerDayMicro }: AgentRef, costMicro: number): BudgetStatus {
    return statusOf(costMicro, maxCostPerDayMicro, this.policy.current.budgets);
  }

  private async readAll(): Promise<void> {
    this.reading = true;
    while (this.waiting.length > 0) await this.read(this.waiting.splice(0, TOGETHER));
    this.reading = false;
  }

  private async read(asked: readonly Asked[]): Promise<void> {
    try {
      const terms = {
        rules: this.policy.current.budgets,
        day: this.calendar.today(),
        now: this.clock.now(),
      };
      const spenders = asked.map(({ spender }) => spender);
      const standing = await Standing.read(this.reader, spenders, terms);
      for (const { spender, answer } of asked) answer(standing.of(spender));
    } catch (error) {
      for (const { fail } of asked) fail(error);
    }
  }
}
