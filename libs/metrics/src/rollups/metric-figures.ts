import { DurationSketch } from './duration-sketch.js';
import { type MetricSums, PERIOD_SUMS, type UsageSums } from './metric-sums.js';

/** Sums over metrics, and what became of their execution times. */
export interface MetricFigures extends MetricSums, UsageSums {
  /** Microseconds; null where no metric holds one. */
  readonly executionTimeMin: number | null;
  readonly executionTimeMax: number | null;
  /** Empty unless quantiles were asked for. */
  readonly times: DurationSketch;
}

/** One line of an answer; `key` and `bucket` are null where the question does not tell these apart. */
export interface MetricGroup extends MetricFigures {
  readonly key: string | null;
  /** Its begin, milliseconds UTC. */
  readonly bucket: number | null;
}

/** Many groups as one. */
export function together(groups: readonly MetricFigures[]): MetricFigures {
  if (groups.length === 1) return groups[0] as MetricFigures;
  const sums = Object.fromEntries(
    PERIOD_SUMS.map((sum) => [sum, groups.reduce((total, group) => total + group[sum], 0)]),
  ) as unknown as MetricSums & UsageSums;
  const times = new DurationSketch();
  for (const group of groups) times.merge(group.times);
  const mins = groups.flatMap(({ executionTimeMin }) => executionTimeMin ?? []);
  const maxs = groups.flatMap(({ executionTimeMax }) => executionTimeMax ?? []);
  return {
    ...sums,
    executionTimeMin: mins.length > 0 ? Math.min(...mins) : null,
    executionTimeMax: maxs.length > 0 ? Math.max(...maxs) : null,
    times,
  };
}

/** Groups of the same key and bucket as one; by bucket, then key. */
export function regrouped(groups: readonly MetricGroup[]): MetricGroup[] {
  const same = new Map<string, MetricGroup[]>();
  for (const group of groups) {
    const name = group.key === null ? `${group.bucket}` : `${group.bucket} ${group.key}`;
    const known = same.get(name);
    if (known) known.push(group);
    else same.set(name, [group]);
  }
  const found = [...same.values()].map((members) => {
    const { key, bucket } = members[0] as MetricGroup;
    return { ...together(members), key, bucket };
  });
  return found.sort((a, b) => (a.bucket ?? 0) - (b.bucket ?? 0) || ((a.key ?? '') < (b.key ?? '') ? -1 : 1));
}
