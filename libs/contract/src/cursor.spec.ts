import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CURSOR_FORM, fromCursor, MAX_CURSOR_CHARS, type Place, toCursor } from './cursor.js';

const SHAPE = ['number', 'string'] as const;
const places = fc.tuple(fc.maxSafeNat(), fc.string({ unit: 'grapheme-ascii', maxLength: 64 }));

describe('a cursor', () => {
  it('leads back to its place, in characters that need no escape in a URL', () => {
    fc.assert(
      fc.property(places, fc.string(), (place, binding) => {
        const cursor = toCursor(place, binding);
        expect(cursor).toMatch(CURSOR_FORM);
        expect(cursor.length).toBeLessThanOrEqual(MAX_CURSOR_CHARS);
        expect(fromCursor(cursor, binding, SHAPE)).toEqual(place);
      }),
    );
  });

  it('is of one list with one set of filters', () => {
    fc.assert(
      fc.property(places, fc.string(), fc.string(), (place, mine, other) => {
        fc.pre(mine !== other);
        expect(fromCursor(toCursor(place, mine), other, SHAPE)).toBeNull();
      }),
    );
  });

  it('is no other text: cut, longer, or with one character changed', () => {
    const cursor = toCursor([1_795_305_600_000, '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11'], 'metrics');
    for (let length = 0; length < cursor.length; length += 1) {
      expect(fromCursor(cursor.slice(0, length), 'metrics', SHAPE)).toBeNull();
      const changed = `${cursor.slice(0, length)}${cursor[length] === 'A' ? 'B' : 'A'}${cursor.slice(length + 1)}`;
      expect(fromCursor(changed, 'metrics', SHAPE)).toBeNull();
    }
    for (const longer of [`${cursor}A`, `${cursor}=`, `${cursor} `, `+${cursor}`])
      expect(fromCursor(longer, 'metrics', SHAPE)).toBeNull();
  });

  it('holds no place that the list does not have, even where the checksum is right', () => {
    const forged: unknown[] = [
      [],
      [1],
      [1, 'a', 'b'],
      ['1', 'a'],
      [1, 2],
      [-1, 'a'],
      [0.5, 'a'],
      [2 ** 53, 'a'],
      [1e300, 'a'],
      [null, 'a'],
      [1, null],
      [1, 'a\0'],
      [1, '\ud800'],
      { 0: 1, 1: 'a', length: 2 },
      'ab',
      null,
    ];
    for (const place of forged) expect(fromCursor(toCursor(place as Place, 'x'), 'x', SHAPE)).toBeNull();
  });
});
