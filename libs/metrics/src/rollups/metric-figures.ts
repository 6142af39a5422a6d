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

const NOTHING: MetricFigures = {
  ...(Object.fromEntries(PERIOD_SUMS.map((sum) => [sum, 0])) as unknown as MetricSums & UsageSums),
  executionTimeMin: null,
  executionTimeMax: null,
  times: DurationSketch.union([]),
};

/** Many groups as one. */
export function together(groups: readonly MetricFigures[]): MetricFigures {
  const [first = NOTHING, ...others] = groups;
  const total: { -readonly [Figure in keyof MetricFigures]: MetricFigures[Figure] } = { ...first };
  for (const group of others) {
    for (const sum of PERIOD_SUMS) total[sum] += group[sum];
    total.executionTimeMin = bound(Math.min, total.executionTimeMin, group.executionTimeMin);
    total.executionTimeMax = bound(Math.max, total.executionTimeMax, group.executionTimeMax);
  }
  return { ...total, times: DurationSketch.union(groups.map(({ times }) => times)) };
}

function bound(choose: (a: number, b: number) => number, a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : choose(a, b);
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
