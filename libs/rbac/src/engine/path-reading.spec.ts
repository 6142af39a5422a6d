import { describe, expect, it } from '@jest/globals';
import { type PathReading, readPath } from './path-reading.js';

const ROOT = '/home/x/proj';
const WINDOWS_ROOT = 'C:\\Users\\x\\proj';

function reading(path: string, cwd: string | null = ROOT, root: string | null = ROOT): PathReading {
  const result = readPath(path, cwd, root);
  if ('refused' in result) throw new Error(result.refused);
  return result;
}

function refusal(path: string, cwd: string | null = ROOT, root: string | null = ROOT): string | null {
  const result = readPath(path, cwd, root);
  return 'refused' in result ? result.refused : null;
}

describe('the narrow reading', () => {
  it.each([
    ['src/a.ts', 'src/a.ts'],
    ['./src//a.ts', 'src/a.ts'],
    ['src/./a.ts', 'src/a.ts'],
    ['src/', 'src'],
    ['.', ''],
    ['/home/x/proj', ''],
    ['/home/x/proj/', ''],
    ['/home/x/proj/src/a.ts', 'src/a.ts'],
    ['/home/x/project/src/a.ts', null],
    ['/home/x', null],
    ['/etc/passwd', null],
    ['/dev/sda', null],
    ['/home/X/proj/src/a.ts', null],
    ['SRC/a.ts', 'SRC/a.ts'],
    ['src/%41.ts', 'src/%41.ts'],
    ['src/100%.md', 'src/100%.md'],
    ['src/u\u0308.ts', 'src/u\u0308.ts'],
    ['src/a.ts.', 'src/a.ts.'],
    ['src/.env', 'src/.env'],
    ['src/❤\uFE0F.md', 'src/❤\uFE0F.md'],
    ['~/proj/a.ts', null],
    ['~x/proj/a.ts', null],
    ['src/~/a.ts', 'src/~/a.ts'],
    ['file:///home/x/proj/src/a.ts', null],
    ['file:/home/x/proj/src/a.ts', null],
    ['C:/Users/x/proj/src/a.ts', null],
  ])('of %s is %s', (path, expected) => {
    expect(reading(path).scoped).toBe(expected);
  });

  it.each([
    ['a.ts', '/home/x/proj/src', ROOT, 'src/a.ts'],
    ['proj/a.ts', '/home/x', ROOT, 'a.ts'],
    ['a.ts', '/tmp', ROOT, null],
    ['/home/x/proj/a.ts', '/tmp', ROOT, 'a.ts'],
    ['a.ts', null, ROOT, 'a.ts'],
    ['a.ts', ROOT, null, 'a.ts'],
    ['/home/x/proj/a.ts', ROOT, null, 'a.ts'],
    ['a.ts', null, null, 'a.ts'],
    ['/a.ts', null, null, null],
    ['/etc/hosts', '/tmp', '/', 'etc/hosts'],
    ['a.ts', '/tmp', '/', 'tmp/a.ts'],
    ['a.ts', '/home/x/proj/./src/', '/home/x//proj/', 'src/a.ts'],
  ])('of %s, with cwd %s and root %s, is %s', (path, cwd, root, expected) => {
    expect(reading(path, cwd, root).scoped).toBe(expected);
  });

  it.each([
    ['C:\\Users\\x\\proj\\src\\a.ts', 'src/a.ts'],
    ['c:/Users/x/proj/src/a.ts', 'src/a.ts'],
    ['src\\a.ts', 'src/a.ts'],
    ['src/a.ts', 'src/a.ts'],
    ['C:\\users\\x\\proj\\a.ts', null],
    ['D:\\Users\\x\\proj\\a.ts', null],
    ['/Users/x/proj/a.ts', null],
    ['src\\a.ts.', null],
    ['src\\a.ts:x.test.ts', null],
  ])('of %s on Windows is %s', (path, expected) => {
    expect(reading(path, WINDOWS_ROOT, WINDOWS_ROOT).scoped).toBe(expected);
  });
});

describe('a path is refused', () => {
  it.each([
    ['is empty', ['']],
    ['is longer than 4096', ['a'.repeat(4_097), '\uFDFA'.repeat(300)]],
    ['goes up', ['..', '../a', 'src/../.env', 'src/..', '/a/../b', '%2e%2e/a', '.%2e/a', '%252e%252e/a']],
    ['without a name', ['....//a', '.../a', '.. /a', 'src/. ./a', 'a/ /b', '..:x/a', ':x', '..::$DATA']],
    ['encoded separator', ['%2e%2e%2f', 'a%2Fb', 'a%5cb', 'a%252fb', 'a%25252fb', 'a%2%66b', '..%2fa']],
    [
      'not as UTF-8',
      ['..%c0%af', '%c0%ae%c0%ae/a', '%e0%80%afa', '%ff', '%ed%a0%80', `a%${'25'.repeat(7)}41`],
    ],
    [
      'control, bidirectional or invisible',
      ['a\0', 'a%00', '.%00./a', 'a\nb', 'a\u007f', 'a\u0085', 'a\u202Eb', 'a\u2066b', '%e2%80%ae'].concat([
        '.\u200Benv',
        '\uFEFFa',
        'a\u00ADb',
        'a\u2028b',
        'a\u200Db',
        '\uD800',
        'a\u{E0041}',
      ]),
    ],
    [
      'looks like a separator or a dot',
      [
        'a\u2215b',
        'a\uFF0Fb',
        'a\u29F8b',
        'a\u2044b',
        'a\uFF3Cb',
        'a\uFE68b',
        'a\u2216b',
        '\uFF0E\uFF0E/a',
      ].concat(['\u2025/a', '\u2024\u2024/a', '\u2100', '%ef%bc%8fa', 'src/…']),
    ],
    ['both kinds', ['src/a\\b', 'src\\a/b', 'C:\\a/b', '..\\a/b']],
    ['begins with two', ['//server/share', '\\\\server\\share', '\\\\.\\COM1', '\\\\?\\C:\\a', '///a']],
    ['current drive', ['C:a', 'c:', 'C:..\\a', '\\a', '\\??\\C:\\a', 'C%3aa']],
    ['backslash', ['src\\a.ts', 'a\\']],
  ])('that %s', (why, paths) => {
    for (const path of paths) expect([path, refusal(path)]).toEqual([path, expect.stringContaining(why)]);
  });

  it.each(['NUL', 'src\\con', 'src/COM1.txt', 'aux.tar.gz', 'nul .txt', 'LPT¹', 'conin$', 'n%75l', 'NUL:'])(
    'that names a device of Windows: %s',
    (path) => {
      expect(refusal(path, WINDOWS_ROOT, WINDOWS_ROOT)).toContain('device');
    },
  );

  it.each(['nul', 'src/con.ts', 'aux'])('for such a name on Windows alone: %s', (path) => {
    expect(refusal(path)).toBeNull();
  });

  it.each(['console.ts', 'null', 'com10', 'src\\connect\\auxiliary.ts'])('for no longer name: %s', (path) => {
    expect(refusal(path, WINDOWS_ROOT, WINDOWS_ROOT)).toBeNull();
  });

  it('where what it is resolved against is not plainly somewhere', () => {
    expect(refusal('a', '/home/../etc', ROOT)).toBe('cwd goes up with `..`');
    expect(refusal('a', 'proj', ROOT)).toBe('cwd is not absolute');
    expect(refusal('a', ROOT, 'proj')).toBe('the root is not absolute');
    expect(refusal('a', ROOT, '\\\\server\\share')).toContain('the root begins with two separators');
  });

  it('where resolving makes it too long', () => {
    expect(refusal('a'.repeat(4_000), `/${'b'.repeat(200)}`, '/')).toContain('longer');
  });
});
