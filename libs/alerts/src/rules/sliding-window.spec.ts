import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DISORDER_MS, SlidingWindow } from './sliding-window.js';

const observations = fc.array(fc.record({ at: fc.integer({ min: 0, max: 500_000 }), failed: fc.boolean() }), {
  maxLength: 40,
});

describe('a window of an agent', () => {
  it('holds the newest by time, whatever their order, and gives those of a period', () => {
    fc.assert(
      fc.property(
        ...[observations, observations, fc.integer({ min: 1, max: 10 }), fc.nat({ max: 500_000 })],
        (before, then, most, at) => {
          const window = new SlidingWindow(before, most);
          for (const observation of then) window.add(observation);
          const newest = [...before, ...then]
            .map((each) => each.at)
            .sort((a, b) => a - b)
            .slice(-most);
          const expected = newest.filter((time) => time > at - 100_000 && time <= at + DISORDER_MS);
          expect(window.within(at, 100_000).map((each) => each.at)).toEqual(expected);
        },
      ),
    );
  });

  it('begins right behind its bound', () => {
    const window = new SlidingWindow([{ at: 1_000, failed: false }]);
    expect(window.within(61_000, 60_000)).toEqual([]);
    expect(window.within(60_999, 60_000)).toHaveLength(1);
  });
});
