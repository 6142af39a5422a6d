import { describe, expect, it } from '@jest/globals';
import { parseTime } from './time.js';

const TEN = Date.UTC(2026, 0, 5, 10);
const HOUR_MS = 3_600_000;

describe('parseTime', () => {
  it.each([
    ['2026-01-05T10:00:00Z', TEN],
    ['2026-01-05T10:00:00', TEN],
    ['2026-01-05 10:00:00', TEN],
    ['2026-01-05 10:00', TEN],
    ['2026-01-05T10:00:00+02:00', TEN - 2 * HOUR_MS],
    ['2026-01-05 10:00:00+02:00', TEN - 2 * HOUR_MS],
    ['2026-01-05 10:00:00-0500', TEN + 5 * HOUR_MS],
  ])('reads %s', (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });

  it.each([
    ['2026-01-05T10:00:00 02:00', TEN - 2 * HOUR_MS],
    ['2026-01-05 10:00:00 00:00', TEN],
    ['2026-01-05 10:00:00 0200', TEN - 2 * HOUR_MS],
    ['2026-01-05 10:00:00.000 02:00', TEN - 2 * HOUR_MS],
  ])('mends the plus sign that a query string made a blank of in %s', (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });

  it.each(['', '10:00', 'T10:00', '2026 10:00', '2026-01-05  10:00', '1969-12-31', '10000-01-01', 'today'])(
    'finds no time in "%s"',
    (text) => {
      expect(parseTime(text)).toBeNull();
    },
  );
});
