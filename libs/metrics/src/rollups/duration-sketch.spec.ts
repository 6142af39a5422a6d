import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DurationSketch } from './duration-sketch.js';

const durations = fc.array(fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 1e13 })), {
  minLength: 1,
  maxLength: 500,
});
const share = fc.double({ min: 0, max: 1, noNaN: true });

function sketchOf(values: readonly number[]): DurationSketch {
  const sketch = new DurationSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

describe('DurationSketch', () => {
  it('has each quantile within 1 % of the value at its rank', () => {
    fc.assert(
      fc.property(durations, share, (values, q) => {
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] as number;
        const found = sketchOf(values).quantile(q) as number;
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.0100001);
      }),
    );
  });

  it('is the same merged from parts as made at once, and read from its text', () => {
    fc.assert(
      fc.property(durations, durations, (a, b) => {
        const merged = DurationSketch.parse(sketchOf(a).toString());
        merged.merge(sketchOf(b));
        expect(merged.toString()).toBe(sketchOf([...a, ...b]).toString());
      }),
    );
  });

  it('is the same merged from texts and single values', () => {
    fc.assert(
      fc.property(durations, durations, durations, (a, b, single) => {
        const text = [sketchOf(a).toString(), ...single, sketchOf(b).toString()].join(';');
        expect(DurationSketch.merged(text).toString()).toBe(sketchOf([...a, ...single, ...b]).toString());
      }),
    );
    const extremes = [0, Number.MAX_SAFE_INTEGER];
    expect(DurationSketch.merged(extremes.join(';')).toString()).toBe(sketchOf(extremes).toString());
  });

  it('knows no quantile of nothing', () => {
    expect(new DurationSketch().quantile(0.5)).toBeNull();
    expect(DurationSketch.parse('[]').quantile(1)).toBeNull();
    expect(DurationSketch.merged(null).quantile(1)).toBeNull();
    expect(DurationSketch.merged('[]').quantile(1)).toBeNull();
  });

  it('grows with the spread of the values and not with their number', () => {
    const values = Array.from({ length: 20_000 }, (_, n) => 1_000 + (n % 1_000));
    expect(sketchOf(values).toString().length).toBeLessThan(500);
  });
});
