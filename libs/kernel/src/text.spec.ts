import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LIMITS } from './limits.js';
import { findUnstorable, isStorable, toStorable } from './text.js';

const HIGH = '\uD83D';
const LOW = '\uDE00';

/** An object in an object … `levels` deep. */
function nested(levels: number): unknown {
  return levels === 0 ? 1 : { a: nested(levels - 1) };
}

describe('text', () => {
  it.each(['', 'plain', 'ü 漢字', HIGH + LOW, '\uFFFD', '\u0001\u001f\u007f', '\u2028'])(
    'can be stored: %j',
    (text) => {
      expect(isStorable(text)).toBe(true);
      expect(toStorable(text)).toBe(text);
    },
  );

  it.each([
    ['\0', '\uFFFD'],
    ['a\0b\0', 'a\uFFFDb\uFFFD'],
    [HIGH, '\uFFFD'],
    [`${LOW}${HIGH}`, '\uFFFD\uFFFD'],
    [`x${HIGH}y`, 'x\uFFFDy'],
    [HIGH + HIGH + LOW, `\uFFFD${HIGH}${LOW}`],
  ])('cannot be stored as %j, but as %j', (text, replaced) => {
    expect(isStorable(text)).toBe(false);
    expect(toStorable(text)).toBe(replaced);
  });

  it('can be stored after replacement, and has as many code units as before', () => {
    const units = fc.array(fc.constantFrom(0, 0x41, 0xd83d, 0xde00, 0xfffd, 0xdfff), { maxLength: 20 });
    fc.assert(
      fc.property(units, (codes) => {
        const text = String.fromCharCode(...codes);
        const stored = toStorable(text);
        expect(isStorable(stored)).toBe(true);
        expect(stored).toHaveLength(text.length);
        expect(stored === text).toBe(isStorable(text));
      }),
    );
  });
});

describe('findUnstorable', () => {
  it.each([null, 1, true, undefined, 'text', [], {}, { a: [{ b: 'c' }, null] }])(
    'finds nothing in %j',
    (value) => {
      expect(findUnstorable(value)).toBeNull();
    },
  );

  it.each([
    [HIGH, 'body', 'must not contain'],
    [{ a: { b: ['x', '\0'] } }, 'a.b[1]', 'must not contain'],
    [['\0'], '[0]', 'must not contain'],
    [{ '\0': 1 }, 'body', 'has a key'],
    [{ a: [{ [LOW]: 1 }] }, 'a[0]', 'has a key'],
    [JSON.parse('{"__proto__":{"x":"\\u0000"}}'), '__proto__.x', 'must not contain'],
  ])('names the place in %j: %s', (value: unknown, path, message) => {
    expect(findUnstorable(value)).toEqual({ path, message: expect.stringContaining(message) });
  });

  it('starts from the path it is given', () => {
    expect(findUnstorable({ b: '\0' }, 'a')?.path).toBe('a.b');
  });

  it(`takes ${LIMITS.depth} levels and no more`, () => {
    expect(findUnstorable(nested(LIMITS.depth))).toBeNull();
    expect(findUnstorable(nested(LIMITS.depth + 1))).toMatchObject({
      message: `must not nest deeper than ${LIMITS.depth} levels`,
    });
  });

  it('does not exhaust the stack on a value as deep as a body can hold', () => {
    expect(findUnstorable(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)))).not.toBeNull();
  });
});
