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
