import { type Dialect, type DialectQueryable, insertRows, selectFromJson } from '#persistence';
import { DurationSketch } from './duration-sketch.js';
import { contribution, type Measured, PERIOD_SUMS } from './metric-sums.js';
import { type Span, wholeAt } from './span-times.js';
import { floorTo, RESOLUTIONS } from './time-range.js';

/** The buckets that count every agent's metrics. */
export const FLEET = '';

/** All that buckets may be of, by which a period is gone through: their key has the agent before the time. */
export const OF_EVERYBODY = `agent_id IN (SELECT agent_id FROM agent_totals UNION ALL SELECT '${FLEET}')`;

export const KEY = ['bucket_ms', 'agent_id', 'bucket', 'metric_type'] as const;
/** The key of spans, in which all types are together. */
export const SPAN_KEY = ['bucket_ms', 'agent_id', 'bucket'] as const;
const BOUNDS = { execution_time_min: '<', execution_time_max: '>' } as const;
export const SUMMED = [...PERIOD_SUMS, ...(Object.keys(BOUNDS) as (keyof typeof BOUNDS)[])];

/** The database adds, and keeps the lower and the upper bound. */
const add = (table: string, key: readonly string[]): string =>
  `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${[
    ...PERIOD_SUMS.map((sum) => `${sum} = ${table}.${sum} + excluded.${sum}`),
    ...Object.entries(BOUNDS).map(
      ([bound, beyond]) => `${bound} = CASE WHEN ${table}.${bound} IS NULL
      OR excluded.${bound} ${beyond} ${table}.${bound} THEN excluded.${bound} ELSE ${table}.${bound} END`,
    ),
  ].join(', ')}`;
const ADD = add('metric_rollups', KEY);
const ADD_TO_SPANS = add('metric_spans', SPAN_KEY);
const REPLACE = `ON CONFLICT (${KEY.join(', ')}) DO UPDATE SET execution_times = excluded.execution_times`;

/** The keys that are named in one JSON text of arrays. */
const NAMED: Readonly<Record<Dialect, string>> = {
  sqlite: selectFromJson('?', KEY.length),
  postgres: `SELECT (value ->> 0)::bigint, value ->> 1, (value ->> 2)::bigint, value ->> 3
    FROM json_array_elements(?::json)`,
};

/** A metric in its time. */
type Timed = Measured & { readonly metricType: string; readonly recordedAt: number };

interface Bucket {
  readonly key: readonly unknown[];
  sums: number[];
  min: number | null;
  max: number | null;
  readonly sketch: DurationSketch;
}

interface Named {
  bucket_ms: number;
  agent_id: string;
  bucket: number;
  metric_type: string;
}

/** A row of `metric_rollups` with that of `metric_sketches`. */
export type RollupRow = Named &
  Record<(typeof PERIOD_SUMS)[number], number> &
  Record<keyof typeof BOUNDS, number | null> & { execution_times: string | null };

/** Metrics on their way into the buckets of time that count them: by agent and type, and by type alone. */
export class RollupBuckets {
  private readonly buckets = new Map<string, Bucket>();

  /** @param lengths of the buckets that it goes into, milliseconds. */
  add(
    metric: Timed & { readonly agentId: string },
    lengths: readonly number[] = Object.values(RESOLUTIONS),
  ): void {
    this.addTo([metric.agentId, FLEET], metric, wholeAt(metric.recordedAt, lengths));
  }

  /** @param agentIds of the agents that it counts for. */
  addTo(agentIds: readonly string[], metric: Timed, spans: readonly Span[]): void {
    const added = contribution(metric);
    for (const { bucketMs, from } of spans) {
      for (const agentId of agentIds) {
        const bucket = this.at(bucketMs, agentId, from, metric.metricType);
        bucket.sums = bucket.sums.map((sum, index) => sum + (added[index] as number));
        if (metric.executionTimeUs === null) continue;
        widen(bucket, metric.executionTimeUs, metric.executionTimeUs);
        bucket.sketch.add(metric.executionTimeUs);
      }
    }
  }

  /** Adds what a shorter bucket holds to the one of `length` that it lies in. */
  addRow(row: RollupRow, length: number): void {
    const bucket = this.at(length, row.agent_id, floorTo(row.bucket, length), row.metric_type);
    bucket.sums = bucket.sums.map(
      (sum, index) => sum + row[PERIOD_SUMS[index] as (typeof PERIOD_SUMS)[number]],
    );
    widen(bucket, row.execution_time_min, row.execution_time_max);
    if (row.execution_times !== null) bucket.sketch.merge(DurationSketch.parse(row.execution_times));
  }

  /**
   * Adds them to what is stored, within a transaction, which keeps others from doing so at the same time.
   * @returns up to when spans are summed up, milliseconds UTC.
   */
  async write(db: DialectQueryable): Promise<number> {
    const buckets = [...this.buckets.values()];
    const rows = buckets.map(({ key, sums, min, max }) => [...key, ...sums, min, max]);
    await insertRows(db, 'metric_rollups', [...KEY, ...SUMMED], rows, ADD);
    const timed = buckets.filter(({ min }) => min !== null);
    // One statement tells both, since each costs every write of metrics.
    const stored = await db.query<Named & { execution_times: string | null; summed_to: number | null }>(
      `SELECT ${[...KEY, 'execution_times'].join(', ')}, NULL AS summed_to FROM metric_sketches
         WHERE (${KEY.join(', ')}) IN (${NAMED[db.dialect]})
       UNION ALL SELECT ${KEY.map(() => 'NULL').join(', ')}, NULL, summed_to FROM metric_rollup_state`,
      [JSON.stringify(timed.map(({ key }) => key))],
    );
    for (const { bucket_ms, agent_id, bucket, metric_type, execution_times } of stored) {
      if (execution_times === null) continue;
      this.at(bucket_ms, agent_id, bucket, metric_type).sketch.merge(DurationSketch.parse(execution_times));
    }
    const sketches = timed.map(({ key, sketch }) => [...key, sketch.toString()]);
    await insertRows(db, 'metric_sketches', [...KEY, 'execution_times'], sketches, REPLACE);
    return stored.find(({ summed_to }) => summed_to !== null)?.summed_to ?? 0;
  }

  /** Adds them to the spans, as `write` does to the buckets; they must be of no type. */
  async writeSpans(db: DialectQueryable): Promise<void> {
    const rows = [...this.buckets.values()].map(({ key, sums, min, max }) => [
      ...[...key.slice(0, SPAN_KEY.length), ...sums],
      ...[min, max],
    ]);
    await insertRows(db, 'metric_spans', [...SPAN_KEY, ...SUMMED], rows, ADD_TO_SPANS);
  }

  private at(length: number, agentId: string, begin: number, metricType: string): Bucket {
    const name = `${length} ${begin} ${metricType} ${agentId}`;
    const known = this.buckets.get(name);
    if (known) return known;
    const key = [length, agentId, begin, metricType];
    const sums = new Array<number>(PERIOD_SUMS.length).fill(0);
    const bucket: Bucket = { key, sums, min: null, max: null, sketch: new DurationSketch() };
    this.buckets.set(name, bucket);
    return bucket;
  }
}

function widen(bucket: Bucket, min: number | null, max: number | null): void {
  if (min !== null) bucket.min = Math.min(bucket.min ?? min, min);
  if (max !== null) bucket.max = Math.max(bucket.max ?? max, max);
}
