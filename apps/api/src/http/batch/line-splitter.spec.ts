import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Line, LineSplitter, TOO_LONG } from './line-splitter.js';

function linesOf(chunks: readonly (Buffer | string)[], maxBytes = 100): Line[] {
  const splitter = new LineSplitter(maxBytes);
  const lines = chunks.flatMap((chunk) => [...splitter.push(Buffer.from(chunk as Buffer))]);
  const last = splitter.end();
  return last === null ? lines : [...lines, last];
}

describe('LineSplitter', () => {
  it('ends a line by LF or by the end, and keeps blank ones and CR', () => {
    expect(linesOf(['a\nb\r\n\n c'])).toEqual(['a', 'b\r', '', ' c']);
    expect(linesOf(['a\n'])).toEqual(['a']);
    expect(linesOf([''])).toEqual([]);
    expect(linesOf(['\n'])).toEqual(['']);
    expect(linesOf([])).toEqual([]);
  });

  it('takes lines of the limit and not of a byte more, and goes on after them', () => {
    const [fits, longer] = ['x'.repeat(100), 'y'.repeat(101)];
    expect(linesOf([`${fits}\n${longer}\n${fits}\n${longer}`])).toEqual([fits, TOO_LONG, fits, TOO_LONG]);
    expect(linesOf([`${'€'.repeat(33)}\n${'€'.repeat(34)}\na`])).toEqual(['€'.repeat(33), TOO_LONG, 'a']);
    expect(linesOf([...longer].concat('\n', 'a', '\n'))).toEqual([TOO_LONG, 'a']);
    expect(linesOf([...longer])).toEqual([TOO_LONG]);
  });

  it('keeps nothing of a line that is too long', () => {
    const splitter = new LineSplitter(1024);
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const before = process.memoryUsage().arrayBuffers;
    for (let sent = 0; sent < 256; sent += 1) expect([...splitter.push(chunk)]).toEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    expect([...splitter.push(Buffer.from('\nafter\n'))]).toEqual([TOO_LONG, 'after']);
  });

  it('leaves out a byte order mark at the very beginning and at no other place', () => {
    expect(linesOf(['\ufeffa\n\ufeffb'])).toEqual(['a', '\ufeffb']);
    expect(linesOf([Buffer.of(0xef), Buffer.of(0xbb), Buffer.of(0xbf), 'a'])).toEqual(['a']);
    expect(linesOf([`${'x'.repeat(101)}\n\ufeffa`])).toEqual([TOO_LONG, '\ufeffa']);
    expect(linesOf(['\ufeff'])).toEqual(['']);
  });

  it('replaces what is not UTF-8, and joins characters that chunks cut', () => {
    expect(linesOf([Buffer.of(0x61, 0xff, 0x0a, 0xc3)])).toEqual(['a\ufffd', '\ufffd']);
    expect(linesOf([...Buffer.from('a€😀\nb')].map((byte) => Buffer.of(byte)))).toEqual(['a€😀', 'b']);
    expect(linesOf(['a\0b\n'])).toEqual(['a\0b']);
  });

  it('gives the same lines however the bytes are cut into chunks', () => {
    const text = fc.array(fc.constantFrom('\n', '\r', 'a', '€', '😀', '\ufeff', 'x'.repeat(30)), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(text, fc.array(fc.nat(40), { maxLength: 60 }), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''));
        const chunks: Buffer[] = [];
        let from = 0;
        for (const cut of cuts) chunks.push(bytes.subarray(from, (from += cut)));
        expect(linesOf([...chunks, bytes.subarray(from)], 50)).toEqual(linesOf([bytes], 50));
      }),
    );
  });
});
