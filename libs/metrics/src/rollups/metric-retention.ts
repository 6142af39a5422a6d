import { Injectable } from '@nestjs/common';
import { type OperationContext, TransactionRunner } from '#kernel';
import { storeOf } from '#persistence';
import { KEY, OF_EVERYBODY, SPAN_KEY } from './rollup-buckets.js';
import { DAY_MS, floorTo, MINUTE_MS, TEN_MINUTES_MS } from './time-range.js';

/** How many rows go in one transaction, so that nothing waits long behind it. */
const SLICE = 1_000;

/** What goes: metrics, and the minutes that count them, ten together too. Hours and days stay. */
const OLD = [
  { table: 'agent_metrics', key: 'metric_id', old: 'recorded_at < ?' },
  ...['metric_rollups', 'metric_sketches'].map((table) => ({
    ...{ table, key: KEY.join(', '), old: `bucket_ms = ${MINUTE_MS} AND ${OF_EVERYBODY} AND bucket < ?` },
  })),
  ...[MINUTE_MS, TEN_MINUTES_MS].map((length) => ({
    table: 'metric_spans',
    key: SPAN_KEY.join(', '),
    old: `bucket_ms = ${length} AND bucket < ?`,
  })),
];

/** Lets old metrics go, after their hours and days are counted. */
@Injectable()
export class MetricRetention {
  constructor(private readonly transactions: TransactionRunner) {}

  /**
   * Removes the metrics of whole days before `time`; first it says so, and answers begin to do without them.
   * @returns how many rows went.
   * @throws the reason of `signal` once it is aborted, between two slices.
   */
  async removeBefore(ctx: OperationContext, time: number, signal?: AbortSignal): Promise<number> {
    const mark = floorTo(time, DAY_MS);
    if (mark <= 0) return 0;
    await this.transactions.run(ctx, (tx) =>
      storeOf(tx).query('UPDATE metric_rollup_state SET raw_from = ? WHERE id = 1 AND raw_from < ?', [
        mark,
        mark,
      ]),
    );
    let gone = 0;
    for (const { table, key, old } of OLD) {
      const slice = `SELECT ${key} FROM ${table} WHERE ${old} LIMIT ${SLICE}`;
      for (let rows = SLICE; rows === SLICE; gone += rows) {
        signal?.throwIfAborted();
        rows = await this.transactions.run(ctx, async (tx) => {
          const store = storeOf(tx);
          const [counted] = await store.query<{ rows: number }>(
            `SELECT COUNT(*) AS rows FROM (${slice}) AS s`,
            [mark],
          );
          await store.query(`DELETE FROM ${table} WHERE (${key}) IN (${slice})`, [mark]);
          return counted?.rows ?? 0;
        });
      }
    }
    return gone;
  }
}
