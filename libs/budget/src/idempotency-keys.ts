import type { Queryable } from '#persistence';
import { inStatements, isNamed } from './named-rows.js';

const COLUMNS = ['tool_use_id', 'request_id'] as const;

/** What is charged once: a tool use or request, of an account and a principal. */
export interface IdempotencyKey {
  readonly column: (typeof COLUMNS)[number];
  readonly account: string;
  readonly principalId: string;
  readonly id: string;
}

interface KeyRow {
  readonly account: string;
  readonly principal_id: string;
  readonly id: string;
}

/** The idempotency keys among some that the ledger holds already, or that were booked since. */
export class BookedKeys {
  private readonly booked = new Set<string>();

  /** Each key is looked up in its column's unique index, however long the ledger is. */
  static async read(db: Queryable, keys: readonly IdempotencyKey[]): Promise<BookedKeys> {
    const found = new BookedKeys();
    for (const column of COLUMNS) {
      const named = keys.filter((key) => key.column === column);
      for (const part of inStatements(named)) {
        const rows = await db.query<KeyRow>(
          `SELECT account, principal_id, ${column} AS id FROM budget_ledger
           WHERE ${column} IS NOT NULL AND ${isNamed(['account', 'principal_id', column], part.length)}`,
          part.flatMap(({ account, principalId, id }) => [account, principalId, id]),
        );
        for (const row of rows) found.add({ ...row, column, principalId: row.principal_id });
      }
    }
    return found;
  }

  has(key: IdempotencyKey): boolean {
    return this.booked.has(textOf(key));
  }

  add(key: IdempotencyKey): void {
    this.booked.add(textOf(key));
  }
}

const textOf = ({ column, account, principalId, id }: IdempotencyKey): string =>
  JSON.stringify([column, account, principalId, id]);
