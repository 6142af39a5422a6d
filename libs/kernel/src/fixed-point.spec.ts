import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromMicros, fromMicroUsd, fromNano, toMicros, toMicroUsd, toNano } from './fixed-point.js';

/** `value` × 10^`digits` rounded half up, computed on its decimal digits with whole numbers alone. */
function exact(value: number, digits: number): number {
  const [mantissa = '', exponent = '0'] = String(value).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const places = fraction.length - Number(exponent) - digits;
  const number = BigInt(whole + fraction);
  if (places <= 0) return Number(number * 10n ** BigInt(-places));
  const divisor = 10n ** BigInt(places);
  return Number((2n * number + divisor) / (2n * divisor));
}

describe('amounts', () => {
  it.each([
    [0, 0],
    [1, 1_000_000],
    [0.1, 100_000],
    [0.000001, 1],
    [0.0000005, 1],
    [0.00000049, 0],
    [1e-7, 0],
    [1.0000005, 1_000_001],
    [1.005, 1_005_000],
    [0.1 + 0.2, 300_000],
    [999_999.9999995, 1_000_000_000_000],
    [999_999.9999994, 999_999_999_999],
    [1_000_000, 1_000_000_000_000],
  ])('%d USD are %d micro-USD', (usd, micro) => {
    expect(toMicroUsd(usd)).toBe(micro);
  });

  it('are rounded half up on their decimal digits, whatever they are', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (value) => {
        expect(toMicroUsd(value)).toBe(exact(value, 6));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are rounded half up next to a half too', () => {
    const nearHalf = fc
      .tuple(fc.integer({ min: 0, max: 999_999_999_999 }), fc.integer({ min: -3, max: 3 }))
      .map(([micro, ulps]) => {
        const half = (micro + 0.5) / 1e6;
        return half + ulps * 2 ** (Math.floor(Math.log2(half)) - 52);
      });
    fc.assert(
      fc.property(nearHalf, (value) => {
        expect({ value, micro: toMicroUsd(value) }).toEqual({ value, micro: exact(value, 6) });
      }),
      { numRuns: 5_000 },
    );
  });

  it('come back as they were, to the micro-USD', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), (micro) => {
        expect(toMicroUsd(fromMicroUsd(micro))).toBe(micro);
      }),
    );
  });

  it('add up exactly', () => {
    const tenth = toMicroUsd(0.1);
    expect(fromMicroUsd(Array.from({ length: 10 }, () => tenth).reduce((sum, each) => sum + each))).toBe(1);
  });
});

describe('durations and scores', () => {
  it.each([
    [1.5, 1500],
    [0.0005, 1],
    [0.0004, 0],
    [1e10, 1e13],
  ])('%d ms are %d µs', (ms, us) => {
    expect(toMicros(ms)).toBe(us);
  });

  it.each([
    [1, 1_000_000_000],
    [0.95, 950_000_000],
    [1 / 3, 333_333_333],
    [5e-10, 1],
  ])('a score of %d is %d 10⁻⁹', (score, nano) => {
    expect(toNano(score)).toBe(nano);
  });

  it('come back as they were', () => {
    expect(fromMicros(toMicros(1234.567))).toBe(1234.567);
    expect(fromNano(toNano(0.123456789))).toBe(0.123456789);
  });
});
