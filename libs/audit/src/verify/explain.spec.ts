import { describe, expect, it } from '@jest/globals';
import { explain } from './explain.js';
import { type MovedRun, Observations } from './observations.js';
import { covers, holds, meets, merged, without } from './seq-ranges.js';

const range = (from: number, to = from) => ({ from, to });
const run = (from: number, to: number, shift: number): MovedRun => ({
  ...{ from, to, shift },
  auditId: `id ${from - shift}`,
});

describe('ranges of sequence numbers', () => {
  const ranges = merged([range(7, 9), range(1, 3), range(4), range(8, 12), range(20)]);

  it('are merged where they touch', () => {
    expect(ranges).toEqual([range(1, 4), range(7, 12), range(20)]);
  });

  it('are cut out of each other', () => {
    expect(without([range(0, 30)], ranges)).toEqual([range(0), range(5, 6), range(13, 19), range(21, 30)]);
    expect(without(ranges, [range(-Infinity, 8), range(12, Infinity)])).toEqual([range(9, 11)]);
    expect(without([], ranges)).toEqual([]);
  });

  it('hold numbers, cover and meet others', () => {
    for (const seq of [1, 4, 7, 20]) expect(holds(ranges, seq)).toBe(true);
    for (const seq of [0, 5, 13, 21]) expect(holds(ranges, seq)).toBe(false);
    expect([covers(ranges, range(8, 12)), covers(ranges, range(4, 7)), covers(ranges, range(5, 4))]).toEqual([
      ...[true, false, true],
    ]);
    expect([meets(ranges, range(5, 7)), meets(ranges, range(13, 19)), meets([], range(1))]).toEqual([
      ...[true, false, false],
    ]);
  });
});

describe('what happened to the log', () => {
  const told = (observed: Partial<Observations>, size = 100) =>
    explain(Object.assign(new Observations(), observed), range(1, size)).map(
      ({ kind, seq, lastSeq }) => `${kind} ${seq}-${lastSeq}`,
    );

  it('is nothing where nothing was seen', () => {
    expect(told({})).toEqual([]);
  });

  it('is one removal and one insertion with the rows between them moved', () => {
    expect(told({ runs: [run(21, 59, 1)], foreign: [{ seq: 20, auditId: 'x', entry: null }] })).toEqual([
      'inserted 20-20',
      'missing 59-59',
    ]);
    expect(told({ runs: [run(20, 58, -1)], foreign: [{ seq: 59, auditId: 'x', entry: null }] })).toEqual([
      'missing 20-20',
      'inserted 59-59',
    ]);
  });

  it('is a block of rows in another place', () => {
    expect(told({ runs: [run(10, 19, -10), run(20, 29, 10)] })).toEqual([
      'reordered 10-19',
      'reordered 20-29',
    ]);
  });

  it('is a row over another', () => {
    expect(told({ runs: [run(30, 30, -20)], absent: [range(50)] })).toEqual([
      'missing 30-30',
      'reordered 50-50',
    ]);
  });

  it('is told in reasonable time for rows that all changed places with their neighbours', () => {
    const pairs = Array.from({ length: 5_000 }, (_, index) => 2 * index + 1);
    const runs = pairs.flatMap((seq) => [run(seq, seq, -1), run(seq + 1, seq + 1, 1)]);
    const begin = performance.now();
    expect(told({ runs }, 10_000)).toHaveLength(10_000);
    expect(performance.now() - begin).toBeLessThan(5_000);
  });
});
