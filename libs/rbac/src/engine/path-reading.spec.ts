import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PathPatterns, type PathReading, PathScopes, readPath, widen } from './path-reading.js';

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

describe('scopes', () => {
  const developer = PathScopes.compile(['src/**', 'tests/**', '**/*.spec.*']);

  it.each([
    ['src/a.ts', 'src/**'],
    ['/home/x/proj/tests/a/b.ts', 'tests/**'],
    ['docs/a.spec.md', '**/*.spec.*'],
    ['src/a.spec.ts', 'src/**'],
  ])('hold %s by %s', (path, pattern) => {
    expect(developer.match(reading(path))).toBe(pattern);
  });

  it.each([
    'docs/a.ts',
    'SRC/a.ts',
    'srcs/a.ts',
    '/etc/src/a.ts',
    '/tmp/a.spec.ts',
    '%73rc/a.ts',
    '~/src/a.ts',
    'ｓrc/a.ts',
  ])('do not hold %s', (path) => {
    expect(developer.match(reading(path))).toBeNull();
  });

  it('end at the root, even where they hold everything', () => {
    const all = PathScopes.compile(['**']);
    expect(all.match(reading('.env'))).toBe('**');
    expect(all.match(reading('.'))).toBe('**');
    expect(all.match(reading('/home/x/other'))).toBeNull();
    expect(all.match(reading('/etc/passwd', null, null))).toBeNull();
  });

  it('hold nothing where there are none', () => {
    expect(PathScopes.compile([]).match(reading('a'))).toBeNull();
  });

  it('refuse what is no scope', () => {
    expect(() => PathScopes.compile(['src/**', '/etc/**'])).toThrow('"/etc/**" is no path pattern');
  });

  // Letters and their spellings: as they are, encoded once and twice, as look-alikes, as tricks of file systems.
  const spelling = fc.constantFrom(
    ...[
      'src',
      'SRC',
      'tests',
      'etc',
      'a.ts',
      '.',
      '..',
      '...',
      '/',
      '//',
      '\\',
      '/../',
      '/./',
      '~',
      ' ',
      ':',
      '%',
      '%2',
    ],
    ...[
      '%2e',
      '%2E%2e',
      '%2f',
      '%5c',
      '%252e',
      '%252f',
      '%25',
      '%c0%ae',
      '%c0%af',
      '%00',
      '%73rc',
      's%72c',
      '\0',
    ],
    ...[
      '\u2024',
      '\u2025',
      '\uFF0E',
      '\u2215',
      '\uFF0F',
      '\u200B',
      'ſrc',
      'C:',
      'C:\\',
      '/home/x/proj',
      'file://',
      '.env',
    ],
  );
  const spelled = fc.array(spelling, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
  // And those that begin well.
  const mangled = fc.oneof(
    spelled,
    spelled.map((end) => `src/${end}`),
    spelled.map((end) => `${ROOT}/src/${end}`),
    fc.string({ unit: 'binary', maxLength: 20 }).map((end) => `src/${end}`),
  );
  const directory = fc.constantFrom('/home/x/proj', '/home/x/proj/src', '/home/x', '/tmp', '/');

  function decoded(text: string): string {
    for (let round = 0; round < 10; round += 1)
      text = text.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number(`0x${code.slice(1)}`)));
    return text;
  }

  it('hold no path that leads out of them, however it is spelled', () => {
    const scopes = PathScopes.compile(['src/**', 'tests/**']);
    let held = 0;
    fc.assert(
      fc.property(mangled, directory, (path, cwd) => {
        const result = readPath(path, cwd, ROOT);
        if ('refused' in result || scopes.match(result) === null) return;
        held += 1;
        for (const text of [
          path,
          decoded(path),
          decoded(path).normalize('NFKC'),
          decoded(path).replaceAll('\\', '/'),
        ]) {
          expect(posix.resolve(cwd, text)).toMatch(/^\/home\/x\/proj\/(?:src|tests)(?:\/|$)/);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(held).toBeGreaterThan(50);
  });

  it('hold no more when there are fewer of them', () => {
    const pattern = fc.constantFrom('**', 'src/**', 'tests/**', '**/*.ts', '*', 'src/*', '**/.env');
    fc.assert(
      fc.property(fc.array(pattern), fc.nat(), mangled, directory, (patterns, index, path, cwd) => {
        const result = readPath(path, cwd, ROOT);
        if ('refused' in result) return;
        const fewer = patterns.filter((_, at) => at !== index % patterns.length);
        if (PathScopes.compile(fewer).match(result) !== null) {
          expect(PathScopes.compile(patterns).match(result)).not.toBeNull();
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('deny patterns', () => {
  const secrets = PathPatterns.compile([
    '.env',
    '.env.*',
    '.aws/credentials',
    '.ssh/**',
    'config/secrets',
    '*.pem',
    '/etc/shadow',
  ]);

  it.each([
    ['.env', '.env'],
    ['a/b/.ENV', '.env'],
    ['.env.', '.env'],
    ['.env ', '.env'],
    ['.env. . ', '.env'],
    ['.env::$DATA', '.env'],
    ['.env:x', '.env'],
    ['%2eenv', '.env'],
    ['%252eenv', '.env'],
    ['.%65nv', '.env'],
    ['.ｅnv', '.env'],
    ['.e\uFE0Fnv', '.env'],
    ['.env/', '.env'],
    ['.env/inner', '.env'],
    ['.env.local', '.env.*'],
    ['~/.aws/credentials', '.aws/credentials'],
    ['/home/x/.aws/credentials', '.aws/credentials'],
    ['file:///home/x/.aws/credentials', '.aws/credentials'],
    ['.aws./Credentials:s', '.aws/credentials'],
    ['/root/.ssh/keys/id', '.ssh/**'],
    ['.ssh', '.ssh/**'],
    ['.ſsh/id', '.ssh/**'],
    ['config/secrets/db.json', 'config/secrets'],
    ['SERVER.PEM', '*.pem'],
    ['/etc/shadow', '/etc/shadow'],
    ['file:///etc/shadow', '/etc/shadow'],
    ['file://localhost/etc/shadow', '/etc/shadow'],
  ])('find %j by %s', (path, pattern) => {
    expect(secrets.match(reading(path))).toBe(pattern);
  });

  it.each([
    ...[
      'docs/.environment.md',
      'env',
      'a.env',
      '.envrc',
      '.aws/credentials.md',
      'aws/credentials',
      '.aws/x/credentials',
    ],
    ...[
      'myconfig/secrets',
      'config/secrets.md',
      'a.pem.md',
      'etc/shadow',
      '/mnt/etc/shadow',
      '/etc/shadow.md',
      '.sshx',
    ],
  ])('do not find %j', (path) => {
    expect(secrets.match(reading(path))).toBeNull();
  });

  it('see where a relative name leads', () => {
    expect(secrets.match(reading('credentials', '/home/x/.aws', ROOT))).toBe('.aws/credentials');
    expect(secrets.match(reading('shadow', '/etc', ROOT))).toBe('/etc/shadow');
    expect(secrets.match(reading('config', '/root/.ssh', '/root'))).toBe('.ssh/**');
  });

  it('read Windows paths', () => {
    const match = (path: string): string | null => secrets.match(reading(path, WINDOWS_ROOT, WINDOWS_ROOT));
    expect(match('.aws\\credentials')).toBe('.aws/credentials');
    expect(match('C:\\Users\\x\\.SSH\\id')).toBe('.ssh/**');
    expect(PathPatterns.compile(['/C:/Windows']).match(reading('c:\\WINDOWS\\x', WINDOWS_ROOT))).toBe(
      '/C:/Windows',
    );
  });

  it('are written in any case and Unicode form', () => {
    const patterns = PathPatterns.compile(['Geheim-Ü', 'STRAẞE', 'ΟΔΟΣ']);
    expect(patterns.match(reading('geheim-u\u0308'))).toBe('Geheim-Ü');
    expect(patterns.match(reading('Strasse'))).toBe('STRAẞE');
    expect(patterns.match(reading('οδος'))).toBe('ΟΔΟΣ');
  });

  it('keep their list, and refuse what is no pattern', () => {
    expect(secrets.list).toContain('.ssh/**');
    expect(() => PathPatterns.compile(['/'])).toThrow('it is empty');
    expect(() => PathPatterns.compile(['//etc'])).toThrow('empty segment');
    expect(() => PathPatterns.compile(['a/../b'])).toThrow('".."');
  });

  it.each([
    ['../.env', '.env'],
    ['.aws/x/../credentials', '.aws/credentials'],
    ['a/b\\.env', '.env'],
    ['a%2f.env', '.env'],
    ['C:.env\\..\\.ssh', '.ssh/**'],
    ['/etc/./x/../shadow', '/etc/shadow'],
    ['../../../../etc/shadow', null],
    ['https://example.org/a?b=%ff', null],
    ['s/\\.envy/x/', null],
  ])('find in the word %s of a command: %s', (word, pattern) => {
    expect(secrets.match(widen(word))).toBe(pattern);
  });

  it('resolve words where it is known where the command runs', () => {
    expect(secrets.match(widen('../../../../etc/shadow', '/home/x/proj'))).toBe('/etc/shadow');
  });
});
