import { Injectable } from '@nestjs/common';
import { type OperationContext, TransactionRunner } from '#kernel';
import { storeOf } from '#persistence';
import { DAY_MS, floorTo, MINUTE_MS } from './time-range.js';

/** How many rows go in one transaction, so that nothing waits long behind it. */
const SLICE = 1_000;

/** What goes: metrics, and the minutes that count them. Hours and days stay. */
const SLICES = [
  `DELETE FROM agent_metrics WHERE metric_id IN
    (SELECT metric_id FROM agent_metrics WHERE recorded_at < ? ORDER BY recorded_at LIMIT ${SLICE}) RETURNING 1 AS gone`,
  `DELETE FROM metric_rollups WHERE (bucket_ms, agent_id, bucket, metric_type) IN
    (SELECT bucket_ms, agent_id, bucket, metric_type FROM metric_rollups
     WHERE bucket_ms = ${MINUTE_MS} AND bucket < ? ORDER BY bucket LIMIT ${SLICE}) RETURNING 1 AS gone`,
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
    for (const slice of SLICES) {
      for (let rows = SLICE; rows === SLICE; gone += rows) {
        signal?.throwIfAborted();
        const deleted = await this.transactions.run(ctx, (tx) => storeOf(tx).query(slice, [mark]));
        rows = deleted.length;
      }
    }
    return gone;
  }
}
