import { type DialectQueryable, insertRows, type Queryable } from '#persistence';
import type { UsageWindow } from './accounts.js';
import { inStatements, isNamed } from './named-rows.js';

/** What was charged in a window. */
export interface Usage {
  readonly tokens: number;
  readonly costMicro: number;
}

export interface UsageRow {
  readonly account: string;
  readonly day: string;
  readonly tokens_used: number;
  readonly cost_micro: number;
}

const NOTHING: Usage = { tokens: 0, costMicro: 0 };

/** Accounts hold no blank. */
const keyOf = ({ account, window }: UsageWindow): string => `${account} ${window}`;

const plus = (a: Usage, b: Usage): Usage => ({
  tokens: a.tokens + b.tokens,
  costMicro: a.costMicro + b.costMicro,
});

function distinct(windows: readonly UsageWindow[]): UsageWindow[] {
  return [...new Map(windows.map((each) => [keyOf(each), each])).values()];
}

/** The statement that reads the sums of `windows`, each by the primary key; for `Queryable.query`. */
export function selectUsage(
  columns: string,
  windows: readonly UsageWindow[],
): { sql: string; parameters: string[] } {
  const named = distinct(windows);
  return {
    sql: `SELECT ${columns} FROM budget_usage WHERE ${isNamed(['account', 'day'], named.length)}`,
    parameters: named.flatMap(({ account, window }) => [account, window]),
  };
}

/** The sums of some windows, and what is to be added to them. */
export class UsageSums {
  private readonly sums: Map<string, Usage>;
  private readonly added = new Map<string, { readonly window: UsageWindow; readonly usage: Usage }>();

  constructor(rows: readonly UsageRow[]) {
    this.sums = new Map(
      rows.map((row) => [
        keyOf({ account: row.account, window: row.day }),
        { tokens: row.tokens_used, costMicro: row.cost_micro },
      ]),
    );
  }

  static async read(db: Queryable, windows: readonly UsageWindow[]): Promise<UsageSums> {
    const rows: UsageRow[] = [];
    for (const part of inStatements(distinct(windows))) {
      const { sql, parameters } = selectUsage('account, day, tokens_used, cost_micro', part);
      for (const row of await db.query<UsageRow>(sql, parameters)) rows.push(row);
    }
    return new UsageSums(rows);
  }

  of(window: UsageWindow): Usage {
    return this.sums.get(keyOf(window)) ?? NOTHING;
  }

  add(window: UsageWindow, usage: Usage): void {
    const key = keyOf(window);
    this.sums.set(key, plus(this.of(window), usage));
    this.added.set(key, { window, usage: plus(this.added.get(key)?.usage ?? NOTHING, usage) });
  }

  /** The database does the adding: it is exact where a sum has grown beyond what a number here can be. */
  async write(db: DialectQueryable): Promise<void> {
    const rows = [...this.added.values()].map(({ window: { account, window }, usage }) => [
      ...[account, window],
      ...[usage.tokens, usage.costMicro],
    ]);
    await insertRows(
      db,
      'budget_usage',
      ['account', 'day', 'tokens_used', 'cost_micro'],
      rows,
      // SQLite's driver binds large numbers as REAL, and a sum with one of those would be REAL.
      `ON CONFLICT (account, day) DO UPDATE SET
       tokens_used = budget_usage.tokens_used + CAST(excluded.tokens_used AS BIGINT),
       cost_micro = budget_usage.cost_micro + CAST(excluded.cost_micro AS BIGINT)`,
    );
  }
}
