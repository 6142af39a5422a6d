import { cutIntoSpans, SPANS } from './span-times.js';
import { ceilTo, cut, floorTo, HOUR_MS, type Part, RESOLUTIONS, type TimeRange } from './time-range.js';

const BUCKETS = Object.values(RESOLUTIONS);

/** What answers a part of a range: the metrics themselves, buckets by type, or spans of all types. */
export type Source = 'metrics' | 'rollups' | 'spans';

/** What rows of one source answer of a range together. */
export interface Level {
  readonly source: Source;
  readonly parts: readonly Part[];
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

/** The range as it can be answered: where metrics are gone, edges move outwards to the whole hour. */
export function answerable({ from, to }: TimeRange, { rawFrom }: Kept): TimeRange {
  return {
    from: from < rawFrom ? floorTo(from, HOUR_MS) : from,
    to: to < rawFrom ? ceilTo(to, HOUR_MS) : to,
  };
}

/** Buckets of the same times as spans. */
export function bucketsOf({ parts }: Level): Level {
  const cuts = parts.flatMap((part) => levelsOf(part, { built: true, rawFrom: 0, summedTo: 0 }));
  return { source: 'rollups', parts: cuts.flatMap((level) => level.parts) };
}

/**
 * Cuts a range into whole spans and buckets, as long as they fit, and the metrics of the edges.
 * @param longest nothing may be longer. @param together whether all types may be answered together.
 */
export function levelsOf(
  range: TimeRange,
  { built, summedTo }: Kept,
  { longest, together = false }: { longest?: number | undefined; together?: boolean } = {},
): Level[] {
  const levels: Level[] = [];
  let uncut: readonly TimeRange[] = [range];
  const take = (source: Source, lengths: readonly number[], until?: number): void => {
    for (const bucketMs of lengths.filter((length) => length <= (longest ?? length))) {
      const cuts = uncut.map((part) => cut(part, bucketMs, until));
      levels.push({
        source,
        parts: cuts.flatMap(({ whole }) => whole.map((part) => ({ ...part, bucketMs }))),
      });
      uncut = cuts.flatMap(({ edges }) => edges);
    }
  };
  if (built && together && longest === undefined) {
    const { parts, edges } = cutIntoSpans(range, summedTo);
    levels.push({ source: 'spans', parts });
    uncut = edges;
  } else if (built && together) take('spans', SPANS, summedTo);
  if (built) take('rollups', BUCKETS);
  levels.push({ source: 'metrics', parts: uncut.map((part) => ({ ...part, bucketMs: null })) });
  return levels.filter(({ parts }) => parts.length > 0);
}
