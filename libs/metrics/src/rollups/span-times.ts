import {
  cut,
  DAY_MS,
  floorTo,
  HOUR_MS,
  MINUTE_MS,
  type Part,
  TEN_MINUTES_MS,
  type TimeRange,
  WEEK_MS,
} from './time-range.js';

/** When a span begins, milliseconds UTC, and how long it is. */
export interface Span {
  readonly bucketMs: number;
  readonly from: number;
}

/** How long the spans are in which all types are summed together, the longest first. */
export const SPANS = [WEEK_MS, DAY_MS, HOUR_MS, TEN_MINUTES_MS, MINUTE_MS] as const;

/** Units of which there are runs: spans of some that begin or end with the longer span that they lie in. */
export const RUNS = [
  { unit: DAY_MS, within: WEEK_MS },
  { unit: HOUR_MS, within: DAY_MS },
] as const;
export type Runs = (typeof RUNS)[number];

const endOf = ({ bucketMs, from }: Span): number => from + bucketMs;

/** The span of each length that `time` is part of. */
export function wholeAt(time: number, lengths: readonly number[]): Span[] {
  return lengths.map((bucketMs) => ({ bucketMs, from: floorTo(time, bucketMs) }));
}

/** The runs in the longer span that `time` is part of: of two units up to all but one, from its begin and up to its end. */
export function runsAround(time: number, { unit, within }: Runs): Span[] {
  const begin = floorTo(time, within);
  const runs: Span[] = [];
  for (let bucketMs = 2 * unit; bucketMs < within; bucketMs += unit)
    runs.push({ bucketMs, from: begin }, { bucketMs, from: begin + within - bucketMs });
  return runs;
}

/** All spans that `time` is part of and that end by `until`. */
export function spansAt(time: number, until: number): Span[] {
  const spans = [...wholeAt(time, SPANS), ...RUNS.flatMap((runs) => runsAround(time, runs))];
  return spans.filter((span) => span.from <= time && time < endOf(span) && endOf(span) <= until);
}

/**
 * The runs that end after `from` and by `to`.
 * Only those of the longer spans that the two lie in: between them nothing is recorded but in the last hour.
 */
export function runsEnding({ from, to }: TimeRange, runs: Runs): Span[] {
  const longer = new Set([from, to - 1].map((time) => floorTo(time, runs.within)));
  return [...longer]
    .flatMap((time) => runsAround(time, runs))
    .filter((run) => endOf(run) > from && endOf(run) <= to);
}

/** Cuts a range into spans that end by `until`, as few as there are, and the edges that are shorter than any. */
export function cutIntoSpans(
  range: TimeRange,
  until: number,
): { parts: Part[]; edges: readonly TimeRange[] } {
  const parts: Part[] = [];
  let edges: readonly TimeRange[] = [range];
  for (const length of SPANS) {
    const within = RUNS.find(({ unit }) => unit === length)?.within;
    const isRun = ({ from, to }: TimeRange): boolean =>
      within !== undefined && (from % within === 0 || to % within === 0);
    const cuts = edges.map((edge) => cut(edge, length, until));
    for (const part of cuts.flatMap(({ whole }) => whole))
      parts.push({ ...part, bucketMs: isRun(part) ? part.to - part.from : length });
    edges = cuts.flatMap((each) => each.edges);
  }
  return { parts, edges };
}
