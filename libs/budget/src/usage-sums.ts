import { insertRows, type Queryable } from '#persistence';
import type { UsageWindow } from './accounts.js';

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

/** The statement that reads the sums of `windows`, each by the primary key; for `Queryable.query`. */
export function selectUsage(
  columns: string,
  windows: readonly UsageWindow[],
): { sql: string; parameters: string[] } {
  const distinct = [...new Map(windows.map((each) => [keyOf(each), each])).values()];
  const pairs = distinct.map(() => '(?,?)').join(',');
  return {
    sql: `SELECT ${columns} FROM budget_usage WHERE (account, day) IN (VALUES ${pairs})`,
    parameters: distinct.flatMap(({ account, window }) => [account, window]),
  };
}

/** The sums of some windows. Where they are to be written, they were read under the writer's lock. */
export class UsageSums {
  private readonly sums: Map<string, Usage>;
  private readonly changed = new Map<string, UsageWindow>();

  constructor(rows: readonly UsageRow[]) {
    this.sums = new Map(
      rows.map((row) => [
        keyOf({ account: row.account, window: row.day }),
        { tokens: row.tokens_used, costMicro: row.cost_micro },
      ]),
    );
  }

  static async read(db: Queryable, windows: readonly UsageWindow[]): Promise<UsageSums> {
    const { sql, parameters } = selectUsage('account, day, tokens_used, cost_micro', windows);
    return new UsageSums(await db.query<UsageRow>(sql, parameters));
  }

  of(window: UsageWindow): Usage {
    return this.sums.get(keyOf(window)) ?? NOTHING;
  }

  add(window: UsageWindow, charge: Usage): void {
    const { tokens, costMicro } = this.of(window);
    const key = keyOf(window);
    this.sums.set(key, { tokens: tokens + charge.tokens, costMicro: costMicro + charge.costMicro });
    this.changed.set(key, window);
  }

  /** Writes what changed. Nobody else could change it since it was read, so sums are set and not added. */
  async write(db: Queryable): Promise<void> {
    const rows = [...this.changed.values()].map((window) => {
      const { tokens, costMicro } = this.of(window);
      return [window.account, window.window, tokens, costMicro];
    });
    await insertRows(
      db,
      'budget_usage',
      ['account', 'day', 'tokens_used', 'cost_micro'],
      rows,
      'ON CONFLICT (account, day) DO UPDATE SET tokens_used = excluded.tokens_used, cost_micro = excluded.cost_micro',
    );
  }
}
