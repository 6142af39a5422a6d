export const MINUTE_MS = 60_000;
export const TEN_MINUTES_MS = 10 * MINUTE_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** How long the buckets of each resolution are, the longest first. Those of UTC. */
export const RESOLUTIONS = { day: DAY_MS, hour: HOUR_MS, minute: MINUTE_MS } as const;
export type Resolution = keyof typeof RESOLUTIONS;
const LONGEST_FIRST = Object.values(RESOLUTIONS);

/** How long the spans are in which all types are summed together, the longest first. */
export const SPANS = [DAY_MS, HOUR_MS, TEN_MINUTES_MS] as const;

/** Milliseconds UTC; from `from` on, before `to`. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** What answers a part of a range: the metrics themselves, buckets by type, or spans of all types. */
export type Source = 'metrics' | 'rollups' | 'spans';

/** What one kind of rows answers of a range. */
export interface Level {
  readonly source: Source;
  /** Length of a row, null for metrics. */
  readonly bucketMs: number | null;
  /** One, or some at the edges of what longer rows answer. */
  readonly ranges: readonly TimeRange[];
}

/** What there is to answer with. */
export interface Kept {
  /** False until the buckets hold all metrics. */
  readonly built: boolean;
  /** From here on, a whole day, metrics and minutes are kept; before it hours and days alone. */
  readonly rawFrom: number;
  /** A whole hour: spans that end by then hold all metrics, however late they come; there are no others. */
  readonly summedTo: number;
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
 * Cuts a range into whole spans and buckets, as long as they fit, and the metrics of the edges.
 * @param longest nothing may be longer. @param together whether all types may be answered together.
 */
export function levelsOf(
  range: TimeRange,
  { built, summedTo }: Kept,
  { longest = DAY_MS, together = false }: { longest?: number | undefined; together?: boolean } = {},
): Level[] {
  const levels: Level[] = [];
  let uncut = [range];
  const take = (source: Source, lengths: readonly number[], until: number): void => {
    for (const bucketMs of built ? lengths.filter((length) => length <= longest) : []) {
      const cuts = uncut.map((part) => cut(part, bucketMs, until));
      levels.push({ source, bucketMs, ranges: cuts.flatMap(({ whole }) => whole) });
      uncut = cuts.flatMap(({ edges }) => edges);
    }
  };
  if (together) take('spans', SPANS, summedTo);
  take('rollups', LONGEST_FIRST, Infinity);
  const metrics = { source: 'metrics', bucketMs: null, ranges: uncut } as const;
  return [...levels, metrics].filter(({ ranges }) => ranges.length > 0);
}

function cut(range: TimeRange, step: number, until: number): { whole: TimeRange[]; edges: TimeRange[] } {
  const [from, to] = [ceilTo(range.from, step), floorTo(Math.min(range.to, until), step)];
  if (from >= to) return { whole: [], edges: [range] };
  const edges = [
    { from: range.from, to: from },
    { from: to, to: range.to },
  ];
  return { whole: [{ from, to }], edges: edges.filter((edge) => edge.from < edge.to) };
}
