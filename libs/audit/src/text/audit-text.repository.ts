import { Injectable } from '@nestjs/common';
import type { TransactionContext } from '#kernel';
import { type Dialect, Reader, storeOf } from '#persistence';
import { wordsOf } from './words.js';

const MARK = `SELECT seq AS mark FROM log_followers WHERE name = 'text'`;

/** What is looked through of an entry. */
interface EntryText {
  readonly seq: number;
  readonly operation_detail: string | null;
  readonly target_resource: string | null;
  readonly rbac_reason: string | null;
}

/** The words of the log's next entries. */
export interface NextText {
  /** The entries that were indexed before, and those that are with these. */
  readonly from: number;
  readonly to: number;
  readonly entries: readonly (readonly [seq: number, words: readonly string[]])[];
}

/** How much of the index is merged at once, in pages, so that nothing waits long behind it. */
const PAGES = 100;

/** Rows out of a JSON text of numbers and lists of words. */
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
  constructor(private readonly reader: Reader) {}

  /** How many entries are not indexed yet. */
  async behind(): Promise<number> {
    const [row] = await this.reader.query<{ behind: number }>(
      `SELECT size - (${MARK}) AS behind FROM agent_audit_head WHERE id = 1`,
    );
    return row?.behind ?? 0;
  }

  /** The last entry that is indexed. */
  async mark(): Promise<number> {
    const [at] = await this.reader.query<{ mark: number }>(MARK);
    if (!at) throw new Error('the index of the log has no mark');
    return at.mark;
  }

  /** @returns null where all is indexed. */
  async findNext(limit: number): Promise<NextText | null> {
    const mark = await this.mark();
    const rows = await this.reader.select<EntryText>(
      ['seq', 'operation_detail', 'target_resource', 'rbac_reason'],
      'FROM agent_audit_log WHERE seq > ? ORDER BY seq LIMIT ?',
      [mark, limit],
    );
    const last = rows.at(-1);
    if (!last) return null;
    const entries = rows.map((row) => {
      const texts = [row.operation_detail, row.target_resource, row.rbac_reason];
      return [row.seq, [...wordsOf(texts.join(' '))]] as const;
    });
    return { from: mark, to: last.seq, entries: entries.filter(([, words]) => words.length > 0) };
  }

  /** Indexes what comes next, unless another process was first. */
  async add(ctx: TransactionContext, { from, to, entries }: NextText): Promise<void> {
    const store = storeOf(ctx);
    const [at] = await store.query<{ mark: number }>(MARK);
    if (at?.mark !== from) return;
    // They were read before this transaction.
    const erased = await store.query<{ seq: number }>(
      'SELECT seq FROM audit_erasures WHERE seq > ? AND seq <= ?',
      [from, to],
    );
    const gone = new Set(erased.map(({ seq }) => seq));
    const rows = entries.filter(([seq]) => !gone.has(seq)).map(([seq, words]) => [seq, words.join(' ')]);
    if (rows.length > 0) await store.query(INSERT[store.dialect], [JSON.stringify(rows)]);
    await store.query(`UPDATE log_followers SET seq = ? WHERE name = 'text'`, [to]);
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
