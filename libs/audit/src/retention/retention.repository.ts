import { Injectable } from '@nestjs/common';
import type { TransactionContext } from '#kernel';
import { type Dialect, Reader, storeOf } from '#persistence';
import { AuditCountsRepository } from '../counts/audit-counts.repository.js';
import { SEGMENT } from '../merkle/log-tree.js';

/** A whole segment of the log whose entries are still there. */
export interface RemovableSegment {
  /** Its first and its last entry. */
  readonly from: number;
  readonly to: number;
  /** When the newest of its entries was recorded, milliseconds UTC. */
  readonly newest: number;
  /** Its leaf hashes are kept, and all that follows the log is past it. */
  readonly settled: boolean;
  /** An entry of it is under a hold. */
  readonly held: boolean;
}

const HELD = `EXISTS (SELECT 1 FROM agent_audit_log l JOIN audit_holds h
    ON (h.agent_id IS NULL OR h.agent_id = l.agent_id)
    AND (h.from_time IS NULL OR l.recorded_at >= h.from_time)
    AND (h.to_time IS NULL OR l.recorded_at < h.to_time)
  WHERE h.released_at IS NULL AND l.seq > ? AND l.seq <= ?)`;
const ENTRY_OF_TEXT: Readonly<Record<Dialect, string>> = { sqlite: 'rowid', postgres: 'entry' };

/** What is removed from the log, whole segments at a time. */
@Injectable()
export class RetentionRepository {
  constructor(
    private readonly reader: Reader,
    private readonly counts: AuditCountsRepository,
  ) {}

  /** The first segment behind entry `after` that is not gone; null at the end of what is whole. */
  async findSegment(after: number): Promise<RemovableSegment | null> {
    const [first] = await this.reader.query<{ seq: number; size: number }>(
      `SELECT size, (SELECT MIN(seq) FROM agent_audit_log WHERE seq > ?) AS seq FROM agent_audit_head WHERE id = 1`,
      [after],
    );
    if (!first?.seq) return null;
    const segment = Math.floor((first.seq - 1) / SEGMENT);
    const [from, to] = [segment * SEGMENT + 1, (segment + 1) * SEGMENT];
    if (to > first.size) return null;
    const [row] = await this.reader.query<{ newest: number; sealed: number; followed: number; held: number }>(
      `SELECT (SELECT MAX(recorded_at) FROM agent_audit_log WHERE seq > ? AND seq <= ?) AS newest,
         (SELECT COUNT(*) FROM audit_segments WHERE segment = ?) AS sealed,
         (SELECT MIN(seq) FROM log_followers) AS followed,
         CASE WHEN ${HELD} THEN 1 ELSE 0 END AS held`,
      [from - 1, to, segment, from - 1, to],
    );
    if (!row) return null;
    return {
      from,
      to,
      newest: row.newest,
      settled: row.sealed === 1 && row.followed >= to,
      held: row.held === 1,
    };
  }

  /**
   * Removes the entries of a segment and what hangs on them, within a transaction.
   * @returns how many went; 0 where the segment has come under a hold meanwhile, or another process was first.
   */
  async remove(ctx: TransactionContext, { from, to }: RemovableSegment): Promise<number> {
    const store = storeOf(ctx);
    const [row] = await store.query<{ entries: number; held: number }>(
      `SELECT (SELECT COUNT(*) FROM agent_audit_log WHERE seq > ? AND seq <= ?) AS entries,
         CASE WHEN ${HELD} THEN 1 ELSE 0 END AS held`,
      [from - 1, to, from - 1, to],
    );
    if (!row || row.held === 1 || row.entries === 0) return 0;
    await store.query('UPDATE agent_audit_head SET removable_to = ? WHERE id = 1 AND removable_to < ?', [
      to,
      to,
    ]);
    await this.counts.forget(ctx, from - 1, to);
    const entry = ENTRY_OF_TEXT[store.dialect];
    await store.query(`DELETE FROM audit_text WHERE ${entry} > ? AND ${entry} <= ?`, [from - 1, to]);
    await store.query('DELETE FROM audit_erasures WHERE seq > ? AND seq <= ?', [from - 1, to]);
    await store.query('DELETE FROM agent_audit_log WHERE seq > ? AND seq <= ?', [from - 1, to]);
    return row.entries;
  }
}
