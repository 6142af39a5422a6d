import { Injectable } from '@nestjs/common';
import { type OperationContext, TransactionRunner } from '#kernel';
import { Reader, type StoreTransaction, storeOf } from '#persistence';
import { sumAround, sumWhole } from './metric-spans.js';
import { FLEET, KEY, OF_EVERYBODY, RollupBuckets, type RollupRow } from './rollup-buckets.js';
import { DAY_MS, floorTo, HOUR_MS, MINUTE_MS, TEN_MINUTES_MS } from './time-range.js';

/** How many metrics are in memory at once. */
const PAGE = 5_000;

interface MetricRow {
  metric_id: string;
  agent_id: string;
  metric_type: string;
  success: number | null;
  execution_time_us: number | null;
  quality_nano: number | null;
  cost_micro: number | null;
  tokens_used: number | null;
  tasks_completed: number | null;
  tasks_failed: number | null;
  api_calls: number | null;
  code_violations: number | null;
  recorded_at: number;
}

/** Told after each hour: how far of the time that metrics lie in has been counted, 0–1. */
export type RebuildProgress = (share: number) => void;

/**
 * Counts the metrics into their buckets anew, hour by hour and each in one transaction, beside a running service:
 * what comes meanwhile is either there when its hour is counted, or is added to it afterwards.
 */
@Injectable()
export class RollupRebuild {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly reader: Reader,
  ) {}

  /** Counts once what was recorded before there were buckets. */
  async buildOnce(ctx: OperationContext, signal?: AbortSignal): Promise<void> {
    const [state] = await this.reader.query<{ built: number }>(
      'SELECT built FROM metric_rollup_state WHERE id = 1',
    );
    if (state?.built === 0) await this.rebuild(ctx, { ...(signal ? { signal } : {}) });
  }

  /**
   * Of all time of which metrics are kept.
   * @returns how many hours were counted.
   * @throws the reason of `signal` once it is aborted, between two hours.
   */
  async rebuild(
    ctx: OperationContext,
    { signal, onProgress }: { signal?: AbortSignal; onProgress?: RebuildProgress } = {},
  ): Promise<number> {
    const { from, to } = await this.extent();
    let hours = 0;
    let day: number | null = null;
    for (let hour = await this.nextHour(from); hour !== null; hour = await this.nextHour(hour + HOUR_MS)) {
      signal?.throwIfAborted();
      const current = floorTo(hour, DAY_MS);
      if (day !== null && day !== current) await this.countDay(ctx, day);
      day = current;
      await this.countHour(ctx, hour);
      hours += 1;
      onProgress?.(to > from ? Math.min(1, (hour - from) / (to - from)) : 1);
    }
    if (day !== null) await this.countDay(ctx, day);
    await this.transactions.run(ctx, (tx) =>
      storeOf(tx).query('UPDATE metric_rollup_state SET built = 1, builds = builds + 1 WHERE id = 1'),
    );
    return hours;
  }

  private async extent(): Promise<{ from: number; to: number }> {
    const [extent] = await this.reader.query<{ raw_from: number; last: number | null }>(
      'SELECT raw_from, (SELECT MAX(recorded_at) FROM agent_metrics) AS last FROM metric_rollup_state WHERE id = 1',
    );
    const first = await this.nextHour(extent?.raw_from ?? 0);
    return { from: first ?? 0, to: extent?.last ?? 0 };
  }

  /** The first hour from `from` on, a whole hour, that metrics lie in or are said to. */
  private async nextHour(from: number): Promise<number | null> {
    const [next] = await this.reader.query<{ metric: number | null; bucket: number | null }>(
      `SELECT (SELECT MIN(recorded_at) FROM agent_metrics WHERE recorded_at >= ?) AS metric,
         (SELECT MIN(bucket) FROM metric_rollups
           WHERE bucket_ms = ? AND agent_id = '${FLEET}' AND bucket >= ?) AS bucket`,
      [from, HOUR_MS, from],
    );
    const found = [next?.metric, next?.bucket].filter((time) => time != null);
    return found.length === 0 ? null : floorTo(Math.min(...found), HOUR_MS);
  }

  private countHour(ctx: OperationContext, hour: number): Promise<void> {
    return this.transactions.run(ctx, async (tx) => {
      const store = storeOf(tx);
      const [state] = await store.query<{ raw_from: number }>('SELECT raw_from FROM metric_rollup_state');
      // Its metrics may be going this moment; it was counted while they were there.
      if (hour < (state?.raw_from ?? 0)) return;
      const buckets = new RollupBuckets();
      for (let rows = await metricsOf(store, hour); rows.length > 0;) {
        for (const row of rows) buckets.add(toMetric(row), [MINUTE_MS, HOUR_MS]);
        rows = rows.length < PAGE ? [] : await metricsOf(store, hour, rows.at(-1));
      }
      for (const length of [MINUTE_MS, HOUR_MS]) await forget(store, length, hour, HOUR_MS);
      const summedTo = await buckets.write(store);
      if (hour >= summedTo) return;
      const within = { from: hour, to: hour + HOUR_MS };
      for (const length of [MINUTE_MS, TEN_MINUTES_MS, HOUR_MS]) await sumWhole(store, length, within);
    });
  }

  private countDay(ctx: OperationContext, day: number): Promise<void> {
    return this.transactions.run(ctx, async (tx) => {
      const store = storeOf(tx);
      const buckets = new RollupBuckets();
      const hours = await store.query<RollupRow>(
        `SELECT r.*, s.execution_times FROM metric_rollups r
         LEFT JOIN metric_sketches s ON ${KEY.map((column) => `s.${column} = r.${column}`).join(' AND ')}
         WHERE r.bucket_ms = ? AND r.${OF_EVERYBODY} AND r.bucket >= ? AND r.bucket < ?`,
        [HOUR_MS, day, day + DAY_MS],
      );
      for (const row of hours) buckets.addRow(row, DAY_MS);
      await forget(store, DAY_MS, day, DAY_MS);
      const summedTo = await buckets.write(store);
      await sumAround(store, day, summedTo);
    });
  }
}

function metricsOf(store: StoreTransaction, hour: number, after?: MetricRow): Promise<MetricRow[]> {
  const { recorded_at, metric_id } = after ?? { recorded_at: hour, metric_id: '' };
  return store.query<MetricRow>(
    `SELECT metric_id, agent_id, metric_type, success, execution_time_us, quality_nano, cost_micro, tokens_used,
       tasks_completed, tasks_failed, api_calls, code_violations, recorded_at
     FROM agent_metrics WHERE (recorded_at, metric_id) > (?, ?) AND recorded_at < ?
     ORDER BY recorded_at, metric_id LIMIT ?`,
    [recorded_at, metric_id, hour + HOUR_MS, PAGE],
  );
}

async function forget(store: StoreTransaction, length: number, from: number, span: number): Promise<void> {
  for (const table of ['metric_rollups', 'metric_sketches']) {
    const times = [length, from, from + span];
    await store.query(
      `DELETE FROM ${table} WHERE bucket_ms = ? AND ${OF_EVERYBODY} AND bucket >= ? AND bucket < ?`,
      times,
    );
  }
}

function toMetric(row: MetricRow) {
  return {
    agentId: row.agent_id,
    metricType: row.metric_type,
    recordedAt: row.recorded_at,
    success: row.success === null ? null : row.success === 1,
    executionTimeUs: row.execution_time_us,
    qualityNano: row.quality_nano,
    costMicro: row.cost_micro,
    tokensUsed: row.tokens_used,
    tasksCompleted: row.tasks_completed,
    tasksFailed: row.tasks_failed,
    apiCalls: row.api_calls,
    codeViolations: row.code_violations,
  };
}
