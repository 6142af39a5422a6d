import { Injectable } from '@nestjs/common';
import { type MetricDraft, type OperationContext, TransactionRunner } from '#kernel';
import { type Dialect, type StoreTransaction, storeOf } from '#persistence';
import { PERIOD_SUMS } from './metric-sums.js';
import { FLEET, OF_EVERYBODY, RollupBuckets, SPAN_KEY, SUMMED } from './rollup-buckets.js';
import { DAY_MS, floorTo, HOUR_MS, MINUTE_MS, SPANS, TEN_MINUTES_MS } from './time-range.js';

/** The buckets that a span of a length is made of. */
const MADE_OF: Readonly<Record<number, number>> = {
  [TEN_MINUTES_MS]: MINUTE_MS,
  [HOUR_MS]: HOUR_MS,
  [DAY_MS]: DAY_MS,
};
/** SQLite's SUM fails beyond 64 bits. */
const SUM: Readonly<Record<Dialect, string>> = { sqlite: 'TOTAL', postgres: 'SUM' };

/** Adds metrics to the spans that were summed up before they came, within the transaction that writes them. */
export async function addToSpans(
  store: StoreTransaction,
  summedTo: number,
  metrics: readonly MetricDraft[],
): Promise<void> {
  const spans = new RollupBuckets();
  for (const metric of metrics) {
    const { recordedAt, agent } = metric;
    if (recordedAt >= summedTo) continue;
    const past = SPANS.filter((length) => floorTo(recordedAt, length) + length <= summedTo);
    spans.add({ ...metric, agentId: agent.agentId, metricType: '' }, past);
  }
  await spans.writeSpans(store);
}

/** Sums the spans of a length anew that lie between two times, where these are past. */
export async function sumSpans(
  store: StoreTransaction,
  length: number,
  from: number,
  to: number,
): Promise<void> {
  const times = [floorTo(from, length), floorTo(to, length)];
  const within = (lengthMs: number): string =>
    `bucket_ms = ${lengthMs} AND ${OF_EVERYBODY} AND bucket >= ? AND bucket < ?`;
  await store.query(`DELETE FROM metric_spans WHERE ${within(length)}`, times);
  await store.query(
    `INSERT INTO metric_spans (${[...SPAN_KEY, ...SUMMED].join(', ')})
     SELECT ${length}, agent_id, bucket - bucket % ${length},
       ${PERIOD_SUMS.map((sum) => `${SUM[store.dialect]}(${sum})`).join(', ')},
       MIN(execution_time_min), MAX(execution_time_max)
     FROM metric_rollups WHERE ${within(MADE_OF[length] as number)}
     GROUP BY agent_id, bucket - bucket % ${length}`,
    times,
  );
}

/**
 * Sums up all types together, hour by hour once they are past: so writing costs nothing of it, and an answer reads one
 * row where there are as many as types.
 */
@Injectable()
export class MetricSpans {
  constructor(private readonly transactions: TransactionRunner) {}

  /**
   * Sums up what lies before `time`, each hour in one transaction beside a running service.
   * @throws the reason of `signal` once it is aborted, between two hours.
   */
  async sumUpTo(ctx: OperationContext, time: number, signal?: AbortSignal): Promise<void> {
    const end = floorTo(time, HOUR_MS);
    for (let more = true; more;) {
      signal?.throwIfAborted();
      more = await this.transactions.run(ctx, (tx) => sumNextHour(storeOf(tx), end));
    }
  }
}

/** @returns whether there may be more before `end`. */
async function sumNextHour(store: StoreTransaction, end: number): Promise<boolean> {
  const [state] = await store.query<{ built: number; summed_to: number; next: number | null }>(
    `SELECT built, summed_to, (SELECT MIN(bucket) FROM metric_rollups
       WHERE bucket_ms = ${HOUR_MS} AND agent_id = '${FLEET}' AND bucket >= summed_to) AS next
     FROM metric_rollup_state`,
  );
  // Until the buckets are built, spans would miss what these do; `rebuild` then goes through those that there are.
  if (!state?.built || state.summed_to >= end) return false;
  const to = Math.min((state.next ?? end) + HOUR_MS, end);
  for (const length of SPANS) await sumSpans(store, length, state.summed_to, to);
  await store.query('UPDATE metric_rollup_state SET summed_to = ? WHERE id = 1', [to]);
  return true;
}
