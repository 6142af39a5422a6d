export const MINUTE_MS = 60_000;
export const TEN_MINUTES_MS = 10 * MINUTE_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const WEEK_MS = 7 * DAY_MS;

/** How long the buckets of each resolution are, the longest first. Those of UTC. */
export const RESOLUTIONS = { day: DAY_MS, hour: HOUR_MS, minute: MINUTE_MS } as const;
export type Resolution = keyof typeof RESOLUTIONS;

/** Milliseconds UTC; from `from` on, before `to`. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** A part of a range, and the length of the rows that answer it: null for metrics. */
export interface Part extends TimeRange {
  readonly bucketMs: number | null;
}

export const floorTo = (time: number, step: number): number => Math.floor(time / step) * step;
export const ceilTo = (time: number, step: number): number => Math.ceil(time / step) * step;

/** The whole steps of a range that end by `until`, and what they leave of it. */
export interface Cut {
  readonly whole: readonly TimeRange[];
  readonly edges: readonly TimeRange[];
}

export function cut(range: TimeRange, step: number, until = Infinity): Cut {
  const [from, to] = [ceilTo(range.from, step), floorTo(Math.min(range.to, until), step)];
  if (from > to) return { whole: [], edges: [range] };
  const edges = [
    { from: range.from, to: from },
    { from: to, to: range.to },
  ];
  const holdsTime = (part: TimeRange): boolean => part.from < part.to;
  return { whole: [{ from, to }].filter(holdsTime), edges: edges.filter(holdsTime) };
}
