import type { AgentRef, BudgetDay, BudgetSnapshot } from '#kernel';
import { marks, type Queryable } from '#persistence';
import type { BudgetRules } from '#rbac';
import { FLEET_ACCOUNT, limitsOf, roleAccount, sessionOf } from './accounts.js';
import { statusOf } from './budget-status.js';
import { selectUsage, type Usage, type UsageRow, UsageSums } from './usage-sums.js';

/** Who is asked about. */
export interface Spender {
  readonly agent: AgentRef;
  /** Null where no session is named. */
  readonly sessionId: string | null;
}

/** What is in force when it is asked. */
export interface BudgetTerms {
  readonly rules: BudgetRules;
  readonly day: BudgetDay;
  /** Milliseconds UTC; reservations that end by then hold nothing. */
  readonly now: number;
}

/** What open reservations hold. */
export interface Hold extends Usage {
  readonly account: string;
  readonly role: string;
  readonly sessionId: string | null;
  /** How many reservations. */
  readonly count: number;
}

/** A row of usage, or a sum of open reservations; only the latter has a role, and its session for a day. */
interface StandingRow extends UsageRow {
  readonly role: string | null;
  readonly reservations: number;
}

/** What some agents, their roles and the fleet have spent and hold in reserve, as of one moment. */
export class Standing {
  private readonly usage: UsageSums;
  private readonly heldMicro = new Map<string, number>();
  private readonly heldTokens = new Map<string, number>();
  private readonly reservations = new Map<string, number>();

  private constructor(
    private readonly terms: BudgetTerms,
    rows: readonly StandingRow[],
  ) {
    this.usage = new UsageSums(rows.filter((row) => row.role === null));
    for (const { account, day, role, tokens_used, cost_micro, reservations } of rows) {
      if (role === null) continue;
      const sums = { tokens: tokens_used, costMicro: cost_micro, count: reservations };
      this.hold({ account, role, sessionId: day, ...sums });
    }
  }

  /** One statement, so that a settlement is seen as a reservation or as a charge, never as both or neither. */
  static async read(db: Queryable, spenders: readonly Spender[], terms: BudgetTerms): Promise<Standing> {
    const windows = spenders.flatMap(({ agent, sessionId }) => {
      const session = sessionOf(agent.agentId, sessionId);
      return [...limitsOf(agent, terms.rules, terms.day), ...(session ? [session] : [])];
    });
    const usage = selectUsage(
      'account, day, NULL AS role, tokens_used, cost_micro, 0 AS reservations',
      windows,
    );
    const agents = [...new Set(spenders.map(({ agent }) => agent.agentId))];
    const own = new Set(agents);
    // Agents that share a limit see each other's reservations.
    const shared = windows.some(({ account }) => !own.has(account));
    const rows = await db.query<StandingRow>(
      `${usage.sql} UNION ALL
       SELECT account, session_id, role, SUM(max_tokens), SUM(max_cost_micro), COUNT(*) FROM budget_reservations
       WHERE settled_at IS NULL AND expires_at > ? ${shared ? '' : `AND account IN (${marks(agents.length)})`}
       GROUP BY account, session_id, role`,
      [...usage.parameters, terms.now, ...(shared ? [] : agents)],
    );
    return new Standing(terms, rows);
  }

  /** Counts reservations in. */
  hold({ account, role, sessionId, tokens, costMicro, count }: Hold): void {
    for (const holder of [account, roleAccount(role), FLEET_ACCOUNT]) add(this.heldMicro, holder, costMicro);
    add(this.reservations, account, count);
    const session = sessionOf(account, sessionId);
    if (session) add(this.heldTokens, `${account} ${session.window}`, tokens);
  }

  /** How many reservations an account has open. */
  reservationsOf(account: string): number {
    return this.reservations.get(account) ?? 0;
  }

  /** @param spender one of those that were asked about. */
  of({ agent, sessionId }: Spender): BudgetSnapshot {
    const { rules, day } = this.terms;
    const limits = limitsOf(agent, rules, day);
    const held = (account: string) => this.heldMicro.get(account) ?? 0;
    const left = limits.map((limit) => limit.maxMicro - this.usage.of(limit).costMicro - held(limit.account));
    const session = sessionOf(agent.agentId, sessionId);
    const sessionTokens = session ? this.usage.of(session).tokens : 0;
    const heldTokens = session ? (this.heldTokens.get(`${agent.agentId} ${session.window}`) ?? 0) : 0;
    const costMicroToday = this.usage.of(limits[0]).costMicro;
    return {
      costMicroToday,
      maxCostMicro: agent.maxCostPerDayMicro,
      reservedMicro: held(agent.agentId),
      remainingMicro: Math.min(...left),
      sessionTokens,
      remainingTokens: session ? agent.maxTokensPerSession - sessionTokens - heldTokens : null,
      status: statusOf(costMicroToday, agent.maxCostPerDayMicro, rules),
    };
  }
}

function add(sums: Map<string, number>, key: string, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}
