import { Injectable } from '@nestjs/common';
import type { TransactionContext } from '#kernel';
import { Reader, storeOf } from '#persistence';
import { type FleetEntry, fleetColumns, type FleetLogRow, toFleetEntry } from './fleet-entry.js';

/** Up to where the fleet has followed the log. */
export const MARK = `(SELECT seq FROM log_followers WHERE name = 'fleet')`;

/** The log's next entries. */
export interface NextEntries {
  /** The entries that were followed before, and those that are with these. */
  readonly from: number;
  readonly to: number;
  readonly entries: readonly FleetEntry[];
}

/** Reads the log for what the fleet does, and keeps how far that came. */
@Injectable()
export class FleetLogRepository {
  constructor(private readonly reader: Reader) {}

  /** How many entries were not followed yet. */
  async behind(): Promise<number> {
    const [row] = await this.reader.query<{ behind: number }>(
      `SELECT size - ${MARK} AS behind FROM agent_audit_head WHERE id = 1`,
    );
    return row?.behind ?? 0;
  }

  /** @returns null where all was followed. */
  async findNext(limit: number): Promise<NextEntries | null> {
    const [at] = await this.reader.query<{ mark: number | null }>(`SELECT ${MARK} AS mark`);
    if (at?.mark == null) throw new Error('the fleet has no mark in the log');
    const rows = await this.reader.select<FleetLogRow>(
      fleetColumns(this.reader.dialect),
      'FROM agent_audit_log WHERE seq > ? ORDER BY seq LIMIT ?',
      [at.mark, limit],
    );
    const last = rows.at(-1);
    return last ? { from: at.mark, to: last.seq, entries: rows.map(toFleetEntry) } : null;
  }

  /**
   * What is still to be followed of entries that were read before this transaction; those whose texts were erased meanwhile
   * belong to no session.
   * @returns null where another process was first.
   */
  async claim(ctx: TransactionContext, { from, to, entries }: NextEntries): Promise<FleetEntry[] | null> {
    const rows = await storeOf(ctx).query<{ mark: number; erased: number | null }>(
      `SELECT f.seq AS mark, e.seq AS erased FROM log_followers f
       LEFT JOIN audit_erasures e ON e.seq > ? AND e.seq <= ? WHERE f.name = 'fleet'`,
      [from, to],
    );
    if (rows[0]?.mark !== from) return null;
    const erased = new Set(rows.map((row) => row.erased));
    return entries.map((entry) => (erased.has(entry.seq) ? { ...entry, sessionId: null } : entry));
  }

  async moveMark(ctx: TransactionContext, to: number): Promise<void> {
    await storeOf(ctx).query(`UPDATE log_followers SET seq = ? WHERE name = 'fleet'`, [to]);
  }
}
