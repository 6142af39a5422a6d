import { describe, expect, it } from '@jest/globals';
import { backoffMs, parseRetryAfter } from './backoff.js';

describe('the pause before the next attempt', () => {
  it('is a random part of a time that doubles from a second to five minutes', () => {
    const most = Array.from({ length: 12 }, (_, index) => backoffMs(index + 1, 1) / 1_000);
    expect(most).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    expect([backoffMs(5, 0), backoffMs(5, 0.5), backoffMs(1e9, 1)]).toEqual([0, 8_000, 300_000]);
  });

  it('is at least what the receiver asks for, up to an hour', () => {
    expect([backoffMs(1, 1, 60_000), backoffMs(9, 1, 60_000), backoffMs(1, 1, 1e12)]).toEqual([
      ...[60_000, 256_000, 3_600_000],
    ]);
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-01-05T10:00:00Z');
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Mon, 05 Jan 2026 10:01:00 GMT', 60_000],
    ['Mon, 05 Jan 2026 09:00:00 GMT', 0],
    ['soon', undefined],
    ['-5x', undefined],
    [undefined, undefined],
  ])('of %s asks for %s ms', (text, expected) => expect(parseRetryAfter(text, now)).toBe(expected));
});
