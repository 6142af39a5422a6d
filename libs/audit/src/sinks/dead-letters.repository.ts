import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf } from '#contract';
import { isUuid, type OperationContext, type TransactionContext } from '#kernel';
import { Reader, storeOf, Where } from '#persistence';
import type { DeadLetter } from './sink.js';

const COLUMNS = {
  dead_letter_id: 'deadLetterId',
  sink_id: 'sinkId',
  from_seq: 'fromSeq',
  to_seq: 'toSeq',
  cause: 'cause',
  reason: 'reason',
  attempts: 'attempts',
  dead_at: 'deadAt',
  queued_at: 'queuedAt',
} as const satisfies Record<string, keyof DeadLetter>;
const SELECTED = `SELECT ${Object.entries(COLUMNS)
  .map(([column, name]) => `${column} AS "${name}"`)
  .join(', ')} FROM audit_dead_letters`;

@Injectable()
export class DeadLettersRepository {
  constructor(private readonly reader: Reader) {}

  async insert(ctx: TransactionContext, letter: DeadLetter): Promise<void> {
    const columns = Object.keys(COLUMNS);
    await storeOf(ctx).query(
      `INSERT INTO audit_dead_letters (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      Object.values(COLUMNS).map((name) => letter[name]),
    );
  }

  async update(ctx: TransactionContext, deadLetterId: string, changes: Partial<DeadLetter>): Promise<void> {
    const changed = Object.entries(COLUMNS).filter(([, name]) => changes[name] !== undefined);
    await storeOf(ctx).query(
      `UPDATE audit_dead_letters SET ${changed.map(([column]) => `${column} = ?`).join(', ')} WHERE dead_letter_id = ?`,
      [...changed.map(([, name]) => changes[name]), deadLetterId],
    );
  }

  async remove(ctx: TransactionContext, deadLetterId: string): Promise<void> {
    await storeOf(ctx).query('DELETE FROM audit_dead_letters WHERE dead_letter_id = ?', [deadLetterId]);
  }

  async findById(ctx: OperationContext, sinkId: string, deadLetterId: string): Promise<DeadLetter | null> {
    if (!isUuid(sinkId) || !isUuid(deadLetterId)) return null;
    const [letter] = await this.reader
      .within(ctx)
      .query<DeadLetter>(`${SELECTED} WHERE sink_id = ? AND dead_letter_id = ?`, [sinkId, deadLetterId]);
    return letter ?? null;
  }

  /** The one that has waited longest for another attempt. */
  async findQueued(sinkId: string): Promise<DeadLetter | null> {
    const [letter] = await this.reader.query<DeadLetter>(
      `${SELECTED} WHERE sink_id = ? AND queued_at IS NOT NULL ORDER BY queued_at, dead_letter_id LIMIT 1`,
      [sinkId],
    );
    return letter ?? null;
  }

  /** Newest first. */
  async findPage(sinkId: string, { skip, limit, after }: Page): Promise<PageOf<DeadLetter>> {
    const where = new Where().and('sink_id = ?', sinkId).andAll('(dead_at, dead_letter_id) < (?, ?)', after);
    const letters = await this.reader.query<DeadLetter>(
      `${SELECTED} ${where.sql} ORDER BY dead_at DESC, dead_letter_id DESC LIMIT ? OFFSET ?`,
      [...where.parameters, limit + 1, skip],
    );
    return pageOf(letters, limit, ({ deadAt, deadLetterId }) => [deadAt, deadLetterId]);
  }
}
