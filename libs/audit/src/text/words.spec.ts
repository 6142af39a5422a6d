import { describe, expect, it } from '@jest/globals';
import { wordsOf } from './words.js';

describe('the words of a text', () => {
  it.each([
    ['git push origin/main', ['git', 'push', 'origin', 'main']],
    ['src/Audit_Log.ts:12', ['src', 'audit', 'log', 'ts', '12']],
    ['ÉTÉ e\u0301te\u0301', ['été']],
    ['ﬁle ＡＢＣ', ['file', 'abc']],
    ['ΟΔΟΣ.x', ['οδος', 'x']],
    ['“quoted” — dashed', ['quoted', 'dashed']],
    ['日本語、テスト', ['日本語', 'テスト']],
    ['a\u0000b\ud800c', ['a', 'b', 'c']],
    ['*" \' & | ! ( ) : -', []],
    ['', []],
  ])('of %j are %j', (text, words) => {
    expect([...wordsOf(text)]).toEqual(words);
  });

  it('are the same of plain text, whatever stands beside it', () => {
    const ascii = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code));
    for (const [index, each] of ascii.entries()) {
      const text = `${each}Ab${each}9Z${ascii[(index * 7) % 0x80]}${'q'.repeat(70)}${each}`;
      expect([...wordsOf(text)]).toEqual([...wordsOf(`${text} 語`)].filter((word) => word !== '語'));
    }
  });

  it('are each once', () => {
    expect([...wordsOf('no No NO')]).toEqual(['no']);
  });

  it('lose nothing of a run that is too long for one', () => {
    const run = 'x'.repeat(64) + 'y'.repeat(64) + 'z';
    expect([...wordsOf(run)]).toEqual(['x'.repeat(64), 'y'.repeat(64), 'z']);
  });

  it('hold no space, quote or NUL, whatever the character', () => {
    for (let from = 0; from < 0x11_0000; from += 0x1000) {
      const text = Array.from({ length: 0x1000 }, (_, index) => String.fromCodePoint(from + index)).join(' ');
      const unsafe = [...wordsOf(text)].filter((word) => /[\s\0-\x2f\x3a-\x60\x7b-\x7f]/u.test(word));
      expect(unsafe).toEqual([]);
    }
  });
});
