import { Injectable } from '@nestjs/common';
import type { TransactionContext } from '#kernel';
import { Reader, storeOf } from '#persistence';

/** The tables that fill with time, and what names their rows beside principal and route. */
export const EXPIRING = { idempotency_keys: 'idempotency_key', idempotency_items: 'event_id' } as const;
export type ExpiringTable = keyof typeof EXPIRING;

@Injectable()
export class ExpiryRepository {
  constructor(private readonly reader: Reader) {}

  /** How many rows are no younger than `until`, at most `limit`. @param until ms. */
  async count(table: ExpiringTable, until: number, limit: number): Promise<number> {
    const rows = await this.reader.query(`SELECT 1 AS old FROM ${table} WHERE created_at <= ? LIMIT ?`, [
      until,
      limit,
    ]);
    return rows.length;
  }

  /** Removes the oldest of them, `limit` at most. */
  async remove(ctx: TransactionContext, table: ExpiringTable, until: number, limit: number): Promise<void> {
    const key = `principal, route, ${EXPIRING[table]}`;
    await storeOf(ctx).query(
      `DELETE FROM ${table} WHERE (${key}) IN
         (SELECT ${key} FROM ${table} WHERE created_at <= ? ORDER BY created_at LIMIT ?)`,
      [until, limit],
    );
  }
}
