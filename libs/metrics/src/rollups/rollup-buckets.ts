import { type Dialect, type DialectQueryable, insertRows, selectFromJson } from '#persistence';
import { DurationSketch } from './duration-sketch.js';
import { contribution, type Measured, PERIOD_SUMS } from './metric-sums.js';
import { floorTo, RESOLUTIONS } from './time-range.js';

/** The buckets that count every agent's metrics. */
export const FLEET = '';

const KEY = ['bucket_ms', 'agent_id', 'bucket', 'metric_type'] as const;
const TIMES = ['execution_time_min', 'execution_time_max', 'execution_time_sketch'] as const;
const COLUMNS = [...KEY, ...PERIOD_SUMS, ...TIMES];

/** Times are merged here, and only for buckets to which some came; all the rest the database adds. */
const ADD = `ON CONFLICT (${KEY.join(', ')}) DO UPDATE SET ${[
  ...PERIOD_SUMS.map((sum) => `${sum} = metric_rollups.${sum} + excluded.${sum}`),
  ...TIMES.map(
    (column) => `${column} = CASE WHEN excluded.execution_time_rows > 0
      THEN excluded.${column} ELSE metric_rollups.${column} END`,
  ),
].join(', ')}`;

/** The keys that are named in one JSON text of arrays. */
const NAMED: Readonly<Record<Dialect, string>> = {
  sqlite: selectFromJson('?', KEY.length),
  postgres: `SELECT (value ->> 0)::bigint, value ->> 1, (value ->> 2)::bigint, value ->> 3
    FROM json_array_elements(?::json)`,
};

interface Bucket {
  readonly key: readonly unknown[];
  sums: number[];
  min: number | null;
  max: number | null;
  readonly sketch: DurationSketch;
}

interface StoredTimes {
  bucket_ms: number;
  agent_id: string;
  bucket: number;
  metric_type: string;
  execution_time_min: number | null;
  execution_time_max: number | null;
  execution_time_sketch: string;
}

/** A row of `metric_rollups`. */
export type RollupRow = StoredTimes & Record<(typeof PERIOD_SUMS)[number], number>;

/** Metrics on their way into the buckets of time that count them: by agent and type, and by type alone. */
export class RollupBuckets {
  private readonly buckets = new Map<string, Bucket>();

  /** @param lengths of the buckets that it goes into, milliseconds. */
  add(
    metric: Measured & { readonly agentId: string; readonly metricType: string; readonly recordedAt: number },
    lengths: readonly number[] = Object.values(RESOLUTIONS),
  ): void {
    const added = contribution(metric);
    for (const length of lengths) {
      const begin = floorTo(metric.recordedAt, length);
      for (const agentId of [metric.agentId, FLEET]) {
        const bucket = this.at(length, agentId, begin, metric.metricType);
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
    bucket.sketch.merge(DurationSketch.parse(row.execution_time_sketch));
  }

  /** Adds them to what is stored, within a transaction, which keeps others from doing so at the same time. */
  async write(db: DialectQueryable): Promise<void> {
    const timed = [...this.buckets.values()].filter(({ min }) => min !== null).map(({ key }) => key);
    for (const row of await storedTimes(db, timed)) {
      const bucket = this.at(row.bucket_ms, row.agent_id, row.bucket, row.metric_type);
      widen(bucket, row.execution_time_min, row.execution_time_max);
      bucket.sketch.merge(DurationSketch.parse(row.execution_time_sketch));
    }
    const rows = [...this.buckets.values()].map(({ key, sums, min, max, sketch }) => {
      return [...key, ...sums, min, max, sketch.toString()];
    });
    await insertRows(db, 'metric_rollups', COLUMNS, rows, ADD);
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

function storedTimes(db: DialectQueryable, keys: readonly (readonly unknown[])[]): Promise<StoredTimes[]> {
  if (keys.length === 0) return Promise.resolve([]);
  return db.query<StoredTimes>(
    `SELECT ${[...KEY, ...TIMES].join(', ')} FROM metric_rollups WHERE (${KEY.join(', ')}) IN (${NAMED[db.dialect]})`,
    [JSON.stringify(keys)],
  );
}

function widen(bucket: Bucket, min: number | null, max: number | null): void {
  if (min !== null) bucket.min = Math.min(bucket.min ?? min, min);
  if (max !== null) bucket.max = Math.max(bucket.max ?? max, max);
}
