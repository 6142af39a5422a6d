import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Glob } from './glob.js';

/** What a glob means, said as simply as possible and without regard to time. */
function reference(pattern: string, path: string): boolean {
  return segmentsMatch(pattern.split('/'), path === '' ? [] : path.split('/'));
}

function segmentsMatch([part, ...parts]: string[], names: string[]): boolean {
  if (part === undefined) return names.length === 0;
  if (part === '**')
    return names.some((_, at) => segmentsMatch(parts, names.slice(at))) || segmentsMatch(parts, []);
  return (
    names.length > 0 && charactersMatch([...part], [...names[0]!]) && segmentsMatch(parts, names.slice(1))
  );
}

function charactersMatch([token, ...tokens]: string[], text: string[]): boolean {
  if (token === undefined) return text.length === 0;
  if (token === '*') return [...text, ''].some((_, at) => charactersMatch(tokens, text.slice(at)));
  return text.length > 0 && (token === '?' || token === text[0]) && charactersMatch(tokens, text.slice(1));
}

describe('Glob', () => {
  it.each([
    ['src/**', 'src/a.ts'],
    ['src/**', 'src/a/b/c.ts'],
    ['src/**', 'src'],
    ['src/**', 'src/.hidden/.env'],
    ['**', ''],
    ['**', 'a/b'],
    ['*', '.env'],
    ['src/*', 'src/a.ts'],
    ['**/*.test.*', 'a.test.ts'],
    ['**/*.test.*', 'a/b/c.test.tsx'],
    ['a/**/b', 'a/b'],
    ['a/**/b', 'a/x/y/b'],
    ['a/**/**/b', 'a/b'],
    ['**/a/**', 'x/a'],
    ['a?c', 'abc'],
    ['a?c', 'a😀c'],
    ['*a*b*', 'xaxxbx'],
    ['{a,b}[c]!d', '{a,b}[c]!d'],
    ['a.b+(c)', 'a.b+(c)'],
    ['a b/ü', 'a b/ü'],
  ])('%s matches "%s"', (pattern, path) => {
    expect(Glob.compile(pattern).matches(path)).toBe(true);
  });

  it.each([
    ['src/**', 'srcs/a.ts'],
    ['src/**', 'a/src/b.ts'],
    ['src/**', 'SRC/a.ts'],
    ['src/**', ''],
    ['src/*', 'src'],
    ['src/*', 'src/a/b'],
    ['*', 'a/b'],
    ['*', ''],
    ['?', '/'],
    ['a?c', 'a/c'],
    ['a?c', 'ac'],
    ['**/*.test.*', 'a.test'],
    ['**/*.test.*', 'a.test.d/b.ts'],
    ['a/**/b', 'a/xb'],
    ['{a,b}', 'a'],
    ['[ab]', 'a'],
    ['!a', 'b'],
    ['a.b', 'axb'],
    ['ü', 'u\u0308'],
  ])('%s does not match "%s"', (pattern, path) => {
    expect(Glob.compile(pattern).matches(path)).toBe(false);
  });

  it('meets folded paths when it is folded', () => {
    expect(Glob.compile('Ｓecret-ß?', { fold: true }).matches('secret-ss1')).toBe(true);
    expect(Glob.compile('Secret').matches('secret')).toBe(false);
  });

  it('covers the whole path, its beginning, or any run of segments', () => {
    const covered = (covers: 'path' | 'start' | 'run'): string[] =>
      ['a/b', 'a/b/c', 'x/a/b', 'x/a/b/c', 'xa/b', 'a/bx'].filter((path) =>
        Glob.compile('a/b', { covers }).matches(path),
      );
    expect(covered('path')).toEqual(['a/b']);
    expect(covered('start')).toEqual(['a/b', 'a/b/c']);
    expect(covered('run')).toEqual(['a/b', 'a/b/c', 'x/a/b', 'x/a/b/c']);
  });

  it.each([
    ['is empty', ''],
    ['empty segment', '/src/**'],
    ['empty segment', 'src//a'],
    ['empty segment', 'src/'],
    ['".."', '../src/**'],
    ['".."', 'src/..'],
    ['"."', './src'],
    ['whole segments', 'src**'],
    ['whole segments', 'a/***/b'],
    ['nothing is escaped', 'src\\**'],
    ['control', 'a\0b'],
    ['control', 'a\nb'],
    ['bidirectional', 'a\u202Eb'],
    ['invisible', 'a\u200Bb'],
    ['longer than 512', 'a'.repeat(513)],
  ])('refuses a pattern and says: %s', (why, pattern) => {
    expect(() => Glob.compile(pattern)).toThrow(RangeError);
    expect(() => Glob.compile(pattern)).toThrow(why);
  });

  it('measures and checks a folded pattern after folding', () => {
    expect(() => Glob.compile('\uFDFA'.repeat(30), { fold: true })).toThrow('longer than 512');
    expect(() => Glob.compile('a/．．', { fold: true })).toThrow('".."');
  });

  it('agrees with the plain reading of its definition', () => {
    const part = fc.oneof(
      { weight: 1, arbitrary: fc.constant('**') },
      {
        weight: 3,
        arbitrary: fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 4 }),
      },
    );
    const pattern = fc
      .array(part, { minLength: 1, maxLength: 5 })
      .filter((parts) => parts.every((each) => each === '**' || !each.includes('**')))
      .map((parts) => parts.join('/'));
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 4 });
    const path = fc.array(name, { maxLength: 5 }).map((names) => names.join('/'));
    fc.assert(
      fc.property(pattern, path, (glob, text) => {
        expect(Glob.compile(glob).matches(text)).toBe(reference(glob, text));
      }),
      { numRuns: 5_000 },
    );
  });

  it('agrees with it where the states fill more than one machine word', () => {
    const long = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 25, maxLength: 45 });
    const pattern = fc
      .tuple(fc.constantFrom('', '**/', 'a*/**/'), long, fc.constantFrom('', '/**', '/**/b'))
      .map(([before, middle, after]) => before + middle.replaceAll(/\*+/g, '*') + after);
    const letters = fc.infiniteStream(fc.constantFrom('a', 'b'));
    // A path made from the pattern nearly matches, which chance would hardly bring about.
    const made = fc.tuple(pattern, letters, fc.nat(), fc.boolean()).map(([glob, stream, place, spoiled]) => {
      const letter = (): string => stream.next().value;
      const text = glob
        .replaceAll('**', () => `${letter()}/${letter()}`)
        .replaceAll('*', () => letter())
        .replaceAll('?', () => letter());
      const at = place % text.length;
      return [glob, spoiled ? `${text.slice(0, at)}a${text.slice(at + 1)}` : text] as const;
    });
    fc.assert(
      fc.property(made, ([glob, text]) => {
        fc.pre(!text.split('/').includes(''));
        expect(Glob.compile(glob).matches(text)).toBe(reference(glob, text));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['stars', '*a'.repeat(255) + 'b', 'a'.repeat(4_096)],
    ['a long text after a star', '*' + 'a'.repeat(510) + 'b', 'a'.repeat(4_096)],
    ['question marks after a star', '*' + 'a?'.repeat(255) + 'b', 'a'.repeat(4_096)],
    ['question marks alone', '*' + '?'.repeat(510) + 'b', 'a'.repeat(4_096)],
    ['stars for segments', '**/'.repeat(170) + 'b', 'a/'.repeat(2_048)],
    ['stars for segments and names', '**/a/'.repeat(102) + 'b', 'a/'.repeat(2_048)],
    ['many segments', '**/' + '?/'.repeat(254) + 'b', 'a/'.repeat(2_048)],
    ['both kinds of stars', '**/*a*/'.repeat(73) + 'b', 'aa/'.repeat(1_366)],
  ])('takes under 5 ms for %s, on a path of the greatest length', (_, pattern, path) => {
    expect(pattern.length).toBeGreaterThan(500);
    const glob = Glob.compile(pattern);
    // The end holds the pattern's last letters, or it would be seen at once that nothing matches.
    const end = `/${/a*b$/.exec(pattern)![0]}/a`;
    const hostile = path.slice(0, 4_096 - end.length) + end;
    // The best of several, since this is about the work and not about what else the machine does.
    const times = Array.from({ length: 15 }, () => {
      const begin = performance.now();
      expect(glob.matches(hostile)).toBe(false);
      return performance.now() - begin;
    });
    expect(Math.min(...times)).toBeLessThan(5);
  });
});
