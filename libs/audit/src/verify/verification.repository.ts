import { Injectable } from '@nestjs/common';
import { Reader } from '#persistence';
import { type Checkpoint, ORIGIN } from '../checkpoints/checkpoints.repository.js';
import { SEALED_COLUMNS, type SealedRow } from '../log/log-columns.js';
import { SEGMENT } from '../merkle/log-tree.js';
import type { Segment } from '../merkle/segments.repository.js';

/** What is stored about the extent of the log, all at one moment. */
export interface StoredExtent {
  readonly origin: string;
  /** By its head; null without one. */
  readonly size: number | null;
  readonly frontier: string;
  /** The highest sequence number of a row. */
  readonly newest: number;
  /** How many segments are sealed, if none is missing. */
  readonly sealed: number;
}

export type StoredCheckpoint = Omit<Checkpoint, 'issuedAt'>;

/** Reads what is verified, page by page beside the writer. */
@Injectable()
export class VerificationRepository {
  constructor(private readonly reader: Reader) {}

  async extent(): Promise<StoredExtent> {
    const [row] = await this.reader.query<{
      log_id: string | null;
      size: number | null;
      frontier: string | null;
      newest: number;
      sealed: number;
    }>(
      `SELECT log_id, size, frontier, newest, sealed
       FROM (SELECT (SELECT COALESCE(MAX(seq), 0) FROM agent_audit_log) AS newest,
                    (SELECT COALESCE(MAX(segment), -1) FROM audit_segments) + 1 AS sealed) AS kept
       LEFT JOIN agent_audit_head ON id = 1`,
    );
    const { log_id, size = null, frontier, newest = 0, sealed = 0 } = row ?? {};
    return { origin: `${ORIGIN}${log_id ?? ''}`, size, frontier: frontier ?? '', newest, sealed };
  }

  /** The rows behind `after`, up to `to`. */
  rows(after: number, to: number): Promise<SealedRow[]> {
    return this.read('WHERE seq > ? AND seq <= ? ORDER BY seq', [after, to]);
  }

  /** Rows whose numbers no entry can have. */
  rowsBeforeFirst(limit: number): Promise<SealedRow[]> {
    return this.read('WHERE seq < 1 ORDER BY seq LIMIT ?', [limit]);
  }

  /** The next rows behind `after`, up to `to`, whatever their numbers. */
  rowsBeyond(after: number, to: number, limit: number): Promise<SealedRow[]> {
    return this.read('WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?', [after, to, limit]);
  }

  /** Those from one segment to another, both included. */
  async segments(from: number, to: number): Promise<Segment[]> {
    const rows = await this.reader.query<{ segment: number; root: string; leaf_hashes: unknown }>(
      'SELECT segment, root, leaf_hashes FROM audit_segments WHERE segment >= ? AND segment <= ? ORDER BY segment',
      [from, to],
    );
    return rows.map(({ segment, root, leaf_hashes: hashes }) => ({
      ...{ segment, root },
      // SQLite keeps what it is given, whatever the type of the column.
      leafHashes: Buffer.isBuffer(hashes) ? hashes : Buffer.from(String(hashes)),
    }));
  }

  /** The segments with places behind `after`, up to `to`, whose entries went after their time. */
  async removed(after: number, to: number): Promise<number[]> {
    const rows = await this.reader.query<{ segment: number }>(
      `SELECT s.segment FROM audit_segments s, agent_audit_head h
       WHERE h.id = 1 AND s.segment >= ? AND s.segment <= ? AND (s.segment + 1) * ${SEGMENT} <= h.removable_to
         AND NOT EXISTS (SELECT 1 FROM agent_audit_log l
           WHERE l.seq > s.segment * ${SEGMENT} AND l.seq <= (s.segment + 1) * ${SEGMENT})`,
      [Math.floor(after / SEGMENT), Math.floor((to - 1) / SEGMENT)],
    );
    return rows.map(({ segment }) => segment);
  }

  /** In the order in which they were made. */
  checkpoints(after: number, limit: number): Promise<StoredCheckpoint[]> {
    return this.reader.query(
      'SELECT number, origin, size, root, note FROM audit_checkpoints WHERE number > ? ORDER BY number LIMIT ?',
      [after, limit],
    );
  }

  /** Newest first. */
  checkpointsBefore(number: number, limit: number): Promise<StoredCheckpoint[]> {
    return this.reader.query(
      'SELECT number, origin, size, root, note FROM audit_checkpoints WHERE number < ? ORDER BY number DESC LIMIT ?',
      [number, limit],
    );
  }

  async auditIdAt(seq: number): Promise<string | null> {
    const [row] = await this.reader.query<{ audit_id: string }>(
      'SELECT audit_id FROM agent_audit_log WHERE seq = ?',
      [seq],
    );
    return row?.audit_id ?? null;
  }

  private async read(rest: string, parameters: readonly number[]): Promise<SealedRow[]> {
    const from = `FROM agent_audit_log ${rest}`;
    try {
      return await this.reader.select<SealedRow>(SEALED_COLUMNS, from, parameters);
    } catch {
      // JSON takes no bytes, which somebody may have put where text belongs.
      return this.reader.query<SealedRow>(`SELECT ${SEALED_COLUMNS.join(', ')} ${from}`, parameters);
    }
  }
}
