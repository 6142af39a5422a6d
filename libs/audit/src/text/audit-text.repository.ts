import { Injectable } from '@nestjs/common';
import type { TransactionContext } from '#kernel';
import { type Dialect, storeOf } from '#persistence';

/** An entry and its words, with blanks between them. */
export type EntryWords = readonly [seq: number, words: string];

/** How much of the index is merged at once, in pages, so that nothing waits long behind it. */
const PAGES = 100;

/** Rows out of a JSON text of numbers and words. */
const INSERT: Readonly<Record<Dialect, string>> = {
  sqlite: `INSERT INTO audit_text (rowid, words) SELECT value ->> 0, value ->> 1 FROM jsonb_each(?)`,
  postgres: `INSERT INTO audit_text (entry, words)
    SELECT CAST(value ->> 0 AS BIGINT), array_to_tsvector(string_to_array(value ->> 1, ' '))
    FROM jsonb_array_elements(CAST(? AS jsonb)) AS each(value)`,
};

const ENTRY: Readonly<Record<Dialect, string>> = { sqlite: 'rowid', postgres: 'entry' };

/** The index of the log's words, which follows the log by its sequence numbers. */
@Injectable()
export class AuditTextRepository {
  /** Lets entries be found by their words. */
  async add(ctx: TransactionContext, entries: readonly EntryWords[]): Promise<void> {
    const store = storeOf(ctx);
    if (entries.length > 0) await store.query(INSERT[store.dialect], [JSON.stringify(entries)]);
  }

  /** Lets an entry be found no more. @returns how many it was; 0 for one without words, or that is not indexed yet. */
  async forget(ctx: TransactionContext, seq: number): Promise<number> {
    const store = storeOf(ctx);
    const entry = ENTRY[store.dialect];
    const rows = await store.query(`SELECT ${entry} FROM audit_text WHERE ${entry} = ?`, [seq]);
    if (rows.length > 0) await store.query(`DELETE FROM audit_text WHERE ${entry} = ?`, [seq]);
    return rows.length;
  }

  /**
   * Takes the words of forgotten entries out of the index itself, a part at a time: SQLite only notes that they are not to be
   * found. @param first begins with what has been merged before, too. @returns whether there is more to do.
   */
  async compact(ctx: TransactionContext, first: boolean): Promise<boolean> {
    const store = storeOf(ctx);
    if (store.dialect === 'postgres') return false;
    const changes = async (): Promise<number> =>
      (await store.query<{ changes: number }>('SELECT total_changes() AS changes'))[0]?.changes ?? 0;
    const before = await changes();
    const pages = first ? -PAGES : PAGES;
    await store.query(`INSERT INTO audit_text (audit_text, rank) VALUES ('merge', ?)`, [pages]);
    // The documentation of FTS5: fewer than two say that there was nothing to merge.
    return (await changes()) - before >= 2;
  }
}
