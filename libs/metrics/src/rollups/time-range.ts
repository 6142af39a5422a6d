export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** How long the buckets of each resolution are, the longest first. Those of UTC. */
export const RESOLUTIONS = { day: DAY_MS, hour: HOUR_MS, minute: MINUTE_MS } as const;
export type Resolution = keyof typeof RESOLUTIONS;
const LONGEST_FIRST = Object.values(RESOLUTIONS);

/** Milliseconds UTC; from `from` on, before `to`. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** What one kind of rows answers of a range: buckets so long, or the metrics themselves where it is null. */
export interface Level {
  readonly bucketMs: number | null;
  /** One, or one at either edge of what longer buckets answer. */
  readonly ranges: readonly TimeRange[];
}

/** What there is to answer with. */
export interface Kept {
  /** False until the buckets hold all metrics. */
  readonly built: boolean;
  /** From here on, a whole day, metrics and minutes are kept; before it hours and days alone. */
  readonly rawFrom: number;
}

export const floorTo = (time: number, step: number): number => Math.floor(time / step) * step;
export const ceilTo = (time: number, step: number): number => Math.ceil(time / step) * step;

/** The range as it can be answered: where metrics are gone, edges move outwards to the whole hour. */
export function answerable({ from, to }: TimeRange, { rawFrom }: Kept): TimeRange {
  return {
    from: from < rawFrom ? floorTo(from, HOUR_MS) : from,
    to: to < rawFrom ? ceilTo(to, HOUR_MS) : to,
  };
}

/**
 * Cuts a range into whole buckets, as long as they fit, and the metrics of the edges.
 * @param longest no bucket may be longer.
 */
export function levelsOf(range: TimeRange, { built }: Kept, longest = DAY_MS): Level[] {
  const levels: Level[] = [];
  let uncut = [range];
  for (const bucketMs of built ? LONGEST_FIRST.filter((step) => step <= longest) : []) {
    const cuts = uncut.map((part) => cut(part, bucketMs));
    levels.push({ bucketMs, ranges: cuts.flatMap(({ whole }) => whole) });
    uncut = cuts.flatMap(({ edges }) => edges);
  }
  return [...levels, { bucketMs: null, ranges: uncut }].filter(({ ranges }) => ranges.length > 0);
}

function cut(range: TimeRange, step: number): { whole: TimeRange[]; edges: TimeRange[] } {
  const [from, to] = [ceilTo(range.from, step), floorTo(range.to, step)];
  if (from >= to) return { whole: [], edges: [range] };
  const edges = [
    { from: range.from, to: from },
    { from: to, to: range.to },
  ];
  return { whole: [{ from, to }], edges: edges.filter((edge) => edge.from < edge.to) };
}
