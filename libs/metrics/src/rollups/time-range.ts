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

/** A part of a range that one kind of rows answers: buckets so long, or the metrics themselves where it is null. */
export interface Segment extends TimeRange {
  readonly bucketMs: number | null;
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
export function segmentsOf(range: TimeRange, { built }: Kept, longest = DAY_MS): Segment[] {
  return cut(range, built ? LONGEST_FIRST.filter((step) => step <= longest) : []);
}

function cut(range: TimeRange, [step, ...shorter]: readonly number[]): Segment[] {
  const { from, to } = range;
  if (from >= to) return [];
  if (step === undefined) return [{ from, to, bucketMs: null }];
  const [first, last] = [ceilTo(from, step), floorTo(to, step)];
  if (first >= last) return cut(range, shorter);
  return [
    ...cut({ from, to: first }, shorter),
    { from: first, to: last, bucketMs: step },
    ...cut({ from: last, to }, shorter),
  ];
}
