import { Injectable } from '@nestjs/common';
import type { RecordedEvent, TransactionContext } from '#kernel';
import { type Dialect, marks, Reader, storeOf } from '#persistence';
import { type LogRow, ROW_COLUMNS, toRecordedEvent } from '../log/log-columns.js';

/** How many rows held texts of an entry. */
export interface ErasedCopies {
  readonly what: string;
  readonly rows: number;
}

/** What was erased of an entry. */
export interface Erasure {
  readonly auditId: string;
  readonly seq: number;
  /** Milliseconds UTC. */
  readonly erasedAt: number;
  /** The entry that says who did it, and why. */
  readonly recordId: string;
  readonly copies: readonly ErasedCopies[];
}

interface ErasureRow {
  readonly record_id: string;
  readonly erased_at: number;
  readonly copies: string;
}

const HELD = `SELECT hold_id FROM audit_holds WHERE released_at IS NULL AND (agent_id IS NULL OR agent_id = ?)
  AND (from_time IS NULL OR from_time <= ?) AND (to_time IS NULL OR to_time > ?) LIMIT 1`;
/** Triggers let this through, and nothing that leaves one of them out. */
const ERASE = `UPDATE agent_audit_log SET operation_detail = NULL, target_resource = NULL, rbac_reason = NULL,
  tool_use_id = NULL, context = NULL, text_salt = NULL WHERE seq = ?`;
/** How many one statement names. */
const AT_ONCE = 500;
/** PostgreSQL clears old rows away by itself, when and as it likes. */
const IS_OVERWRITTEN: Readonly<Record<Dialect, boolean>> = { sqlite: false, postgres: true };

/** Entries whose texts are erased. */
@Injectable()
export class ErasureRepository {
  constructor(private readonly reader: Reader) {}

  /** As the transaction sees it. */
  async findEntry(ctx: TransactionContext, auditId: string): Promise<RecordedEvent | null> {
    const [row] = await storeOf(ctx).select<LogRow>(ROW_COLUMNS, 'FROM agent_audit_log WHERE audit_id = ?', [
      auditId,
    ]);
    return row ? toRecordedEvent(row) : null;
  }

  async findErasure(ctx: TransactionContext, { auditId, seq }: RecordedEvent): Promise<Erasure | null> {
    const [row] = await storeOf(ctx).query<ErasureRow>(
      'SELECT record_id, erased_at, copies FROM audit_erasures WHERE seq = ?',
      [seq],
    );
    if (!row) return null;
    const copies = JSON.parse(row.copies) as ErasedCopies[];
    return { auditId, seq, erasedAt: row.erased_at, recordId: row.record_id, copies };
  }

  async isHeld(ctx: TransactionContext, { agentId, recordedAt }: RecordedEvent): Promise<boolean> {
    return (await storeOf(ctx).query(HELD, [agentId, recordedAt, recordedAt])).length > 0;
  }

  eraseEntry(ctx: TransactionContext, seq: number): Promise<number> {
    return storeOf(ctx).change(ERASE, [seq]);
  }

  async insert(ctx: TransactionContext, { seq, recordId, erasedAt, copies }: Erasure): Promise<void> {
    const store = storeOf(ctx);
    await store.query(
      'INSERT INTO audit_erasures (seq, record_id, erased_at, copies, overwritten_at) VALUES (?, ?, ?, ?, ?)',
      [seq, recordId, erasedAt, JSON.stringify(copies), IS_OVERWRITTEN[store.dialect] ? erasedAt : null],
    );
  }

  /** The erasures whose bytes may still stand in the file. */
  async findLeft(): Promise<number[]> {
    const rows = await this.reader.query<{ seq: number }>(
      'SELECT seq FROM audit_erasures WHERE overwritten_at IS NULL ORDER BY seq',
    );
    return rows.map(({ seq }) => seq);
  }

  async noteOverwritten(ctx: TransactionContext, seqs: readonly number[], at: number): Promise<void> {
    for (let from = 0; from < seqs.length; from += AT_ONCE) {
      const part = seqs.slice(from, from + AT_ONCE);
      const those = `seq IN (${marks(part.length)})`;
      await storeOf(ctx).query(`UPDATE audit_erasures SET overwritten_at = ? WHERE ${those}`, [at, ...part]);
    }
  }
}
