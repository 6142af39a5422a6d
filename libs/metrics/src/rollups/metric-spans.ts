import { Injectable } from '@nestjs/common';
import { type MetricDraft, type OperationContext, TransactionRunner } from '#kernel';
import { type Dialect, type StoreTransaction, storeOf } from '#persistence';
import { PERIOD_SUMS } from './metric-sums.js';
import { FLEET, RollupBuckets, SPAN_KEY, SUMMED } from './rollup-buckets.js';
import { RUNS, runsAround, runsEnding, type Span, SPANS, spansAt, wholeAt } from './span-times.js';
import {
  DAY_MS,
  floorTo,
  HOUR_MS,
  MINUTE_MS,
  TEN_MINUTES_MS,
  type TimeRange,
  WEEK_MS,
} from './time-range.js';

/** The buckets that a whole span is made of. */
const MADE_OF: Readonly<Record<number, number>> = {
  [MINUTE_MS]: MINUTE_MS,
  [TEN_MINUTES_MS]: MINUTE_MS,
  [HOUR_MS]: HOUR_MS,
  [DAY_MS]: DAY_MS,
  [WEEK_MS]: DAY_MS,
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
    spans.addTo([agent.agentId], { ...metric, metricType: '' }, spansAt(recordedAt, summedTo));
  }
  await spans.writeSpans(store);
}

const COLUMNS = [...SPAN_KEY, ...SUMMED].join(', ');
const sums = ({ dialect }: StoreTransaction): string =>
  [
    ...PERIOD_SUMS.map((sum) => `${SUM[dialect]}(${sum})`),
    'MIN(execution_time_min), MAX(execution_time_max)',
  ].join(', ');
const OF_AGENTS = 'agent_id IN (SELECT agent_id FROM agent_totals)';
const WITHIN = 'bucket_ms = ? AND bucket >= ? AND bucket < ?';

/** Sums the whole spans of a length anew, out of buckets, that lie between two times and are past. */
export async function sumWhole(
  store: StoreTransaction,
  length: number,
  { from, to }: TimeRange,
): Promise<void> {
  const times = [floorTo(from, length), floorTo(to, length)];
  const begin = `bucket - bucket % ${length}`;
  await store.query(`DELETE FROM metric_spans WHERE ${WITHIN}`, [length, ...times]);
  await store.query(
    `INSERT INTO metric_spans (${COLUMNS}) SELECT ${length}, agent_id, ${begin}, ${sums(store)}
     FROM metric_rollups WHERE ${OF_AGENTS} AND ${WITHIN} GROUP BY agent_id, ${begin}`,
    [MADE_OF[length], ...times],
  );
}

/** Sums runs of units anew, out of these. */
export async function sumRuns(store: StoreTransaction, runs: readonly Span[], unit: number): Promise<void> {
  if (runs.length === 0) return;
  const run = 'SELECT CAST(? AS BIGINT) AS length, CAST(? AS BIGINT) AS begin';
  const listed = runs.map(() => run).join(' UNION ALL ');
  const named = runs.flatMap(({ bucketMs, from }) => [bucketMs, from]);
  // Not `IN`, for which SQLite reads all rows.
  const are = runs.map(() => '(bucket_ms = ? AND bucket = ?)').join(' OR ');
  await store.query(`DELETE FROM metric_spans WHERE ${are}`, named);
  await store.query(
    `INSERT INTO metric_spans (${COLUMNS}) SELECT run.length, agent_id, run.begin, ${sums(store)}
     FROM (${listed}) run CROSS JOIN metric_spans
     WHERE bucket_ms = ? AND bucket >= run.begin AND bucket < run.begin + run.length
     GROUP BY run.length, run.begin, agent_id`,
    [...named, unit],
  );
}

/** Sums what is longer than hours anew around a day, where it ends by `until`. */
export async function sumAround(store: StoreTransaction, day: number, until: number): Promise<void> {
  for (const { bucketMs, from } of wholeAt(day, [DAY_MS, WEEK_MS]))
    if (from + bucketMs <= until) await sumWhole(store, bucketMs, { from, to: from + bucketMs });
  for (const runs of RUNS) {
    const past = runsAround(day, runs).filter(({ bucketMs, from }) => from + bucketMs <= until);
    await sumRuns(store, past, runs.unit);
  }
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
  const past = { from: state.summed_to, to };
  for (const length of SPANS) await sumWhole(store, length, past);
  for (const runs of RUNS) await sumRuns(store, runsEnding(past, runs), runs.unit);
  await store.query('UPDATE metric_rollup_state SET summed_to = ? WHERE id = 1', [to]);
  return true;
}
