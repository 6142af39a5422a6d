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

/** Rows out of a JSON text of numbers and lists of words. */
const INSERT: Readonly<Record<Dialect, string>> = {
  sqlite: `INSERT INTO audit_text (rowid, words) SELECT value ->> 0, value ->> 1 FROM jsonb_each(?)`,
  postgres: `INSERT INTO audit_text (entry, words)
    SELECT CAST(value ->> 0 AS BIGINT), array_to_tsvector(string_to_array(value ->> 1, ' '))
    FROM jsonb_array_elements(CAST(? AS jsonb)) AS each(value)`,
};

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
    const rows = entries.map(([seq, words]) => [seq, words.join(' ')]);
    if (rows.length > 0) await store.query(INSERT[store.dialect], [JSON.stringify(rows)]);
    await store.query(`UPDATE log_followers SET seq = ? WHERE name = 'text'`, [to]);
  }
}
