import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutIntoSpans, RUNS, runsEnding, type Span, SPANS, spansAt, wholeAt } from './span-times.js';
import { DAY_MS, floorTo, HOUR_MS, MINUTE_MS, WEEK_MS } from './time-range.js';

const FROM = Date.UTC(2026, 0, 1);
const time = fc.oneof(
  fc.integer({ min: FROM, max: FROM + 5 * WEEK_MS }),
  fc.integer({ min: 0, max: 5 * 7 * 24 }).map((hours) => FROM + hours * HOUR_MS),
  fc.integer({ min: 0, max: 5 * 7 }).map((days) => FROM + days * DAY_MS),
);
const aRange = fc
  .tuple(time, time)
  .filter(([a, b]) => a !== b)
  .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
const nameOf = ({ bucketMs, from }: Span): string => `${bucketMs} ${from}`;

describe('spans of a range', () => {
  it('are the whole range up to short edges, each time once, few, and such as are made', () => {
    fc.assert(
      fc.property(aRange, time, (range, mark) => {
        const until = floorTo(mark, HOUR_MS);
        const { parts, edges } = cutIntoSpans(range, until);
        const pieces = [...parts, ...edges].sort((a, b) => a.from - b.from);
        expect(pieces[0]?.from).toBe(range.from);
        expect(pieces.at(-1)?.to).toBe(range.to);
        for (const [index, piece] of pieces.slice(1).entries()) expect(piece.from).toBe(pieces[index]?.to);

        const spans: Span[] = [];
        for (const { bucketMs, from, to } of parts)
          for (let begin = from; begin < to; begin += bucketMs as number)
            spans.push({ bucketMs: bucketMs as number, from: begin });
        for (const span of spans) expect(spansAt(span.from, until).map(nameOf)).toContain(nameOf(span));
        for (const edge of edges)
          if (edge.to <= until) expect(edge.to - edge.from).toBeLessThan(2 * MINUTE_MS);
        // Weeks, and at either edge a run of days, one of hours, five of ten minutes and nine of one; or units of what is shorter.
        expect(spans.length).toBeLessThanOrEqual(5 + 2 * (1 + 1 + 5 + 9) + 23);
      }),
    );
  });

  it('hold each time in as many as end by the mark, no two of them the same', () => {
    const at = FROM + 3 * DAY_MS + 5 * HOUR_MS + 7 * MINUTE_MS;
    const all = spansAt(at, Infinity);
    // A minute, ten, an hour, a day and a week; to or from each hour inside the day, and each day inside the week.
    expect(all).toHaveLength(5 + 23 + 6);
    expect(new Set(all.map(nameOf)).size).toBe(all.length);
    expect(spansAt(at, floorTo(at, HOUR_MS))).toEqual([]);
    for (const { bucketMs, from } of spansAt(at, FROM + 4 * DAY_MS))
      expect(from + bucketMs).toBeLessThanOrEqual(FROM + 4 * DAY_MS);
  });

  it('are made once each while the mark goes on by any steps', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 }), (steps) => {
        const made: string[] = [];
        let mark = FROM;
        // Something is recorded in the last hour of each step, and in none before it.
        const expected = new Set<string>();
        const hours: number[] = [];
        for (const step of steps) {
          const past = { from: mark, to: mark + step * HOUR_MS };
          mark = past.to;
          hours.push(mark - HOUR_MS);
          for (const runs of RUNS) made.push(...runsEnding(past, runs).map(nameOf));
        }
        const whole = new Set(hours.flatMap((hour) => wholeAt(hour, SPANS).map(nameOf)));
        for (const hour of hours)
          for (const span of spansAt(hour, mark)) if (!whole.has(nameOf(span))) expected.add(nameOf(span));
        expect(new Set(made).size).toBe(made.length);
        for (const name of expected) expect(made).toContain(name);
      }),
      { numRuns: 50 },
    );
  });
});
