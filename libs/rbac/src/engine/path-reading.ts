import { Glob } from './glob.js';
import { bareName, decodings, fold, hasLookAlike, hidesCharacters, MAX_PATH } from './path-text.js';

/** How a path may be meant, for deny patterns; one reading that matches is enough. */
export interface WideReading {
  /**
   * Absolute where the path or cwd says where it is (a drive is the first segment, `/c:/users`). Without case, NFKC, as
   * given and fully percent-decoded, each also with the streams, dots and blanks at the end of its segments removed.
   */
  readonly wide: readonly string[];
}

/** A path, read twice: the spelling must fool neither what allows nor what denies. */
export interface PathReading extends WideReading {
  /**
   * The narrowest reading, for scopes: relative to the root, '' for the root itself; null outside of it. Letters as
   * given, nothing decoded; only `.`, empty segments and the separators of Windows are put in order.
   */
  readonly scoped: string | null;
}

/** The reason is a sentence's end for people: "the path goes up with `..`". */
export type PathResult = PathReading | { readonly refused: string };

interface Location {
  /** `c:`, or '' for the one tree of POSIX. */
  readonly volume: string;
  readonly names: readonly string[];
}

const TOO_LONG = `is longer than ${MAX_PATH} characters`;
const DRIVE = /^[a-z]:/i;
const WINDOWS_ABSOLUTE = /^[a-z]:[\\/]/i;
/** The scheme and host of a URL. Two letters at least, or it is a drive. */
const URL_ORIGIN = /^[a-z][a-z\d+.-]+:(?:[\\/]{2}[^\\/]*)?(?=[\\/])/i;
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)$/;

/**
 * Reads a path that a tool was given, without looking at any file system.
 * @param cwd absolute; resolves relative names only. Without it they are relative to the root.
 * @param root absolute; where scopes begin and end. Without it `cwd` is the root, and without both an absolute path is
 *   outside.
 */
export function readPath(path: string, cwd: string | null, root: string | null): PathResult {
  const fault = faultOf(path);
  if (fault) return { refused: `the path ${fault}` };
  for (const [what, base] of [['cwd', cwd] as const, ['the root', root] as const]) {
    if (base === null) continue;
    const faultOfBase = faultOf(base) ?? (locate(base) ? null : 'is not absolute');
    if (faultOfBase) return { refused: `${what} ${faultOfBase}` };
  }

  const windows = [path, cwd, root].some((text) => text !== null && WINDOWS_ABSOLUTE.test(text));
  // Elsewhere it is a letter of the name, for which no scope is meant.
  if (!windows && path.includes('\\')) {
    return {
      refused: 'the path has a backslash, which separates on Windows alone, and no cwd is of Windows',
    };
  }
  if (windows && decodings(path).texts.some((text) => namesIn(text).some(isDevice))) {
    return { refused: 'the path names a device of Windows' };
  }

  const { wide } = widen(path, cwd ?? root);
  if (wide.some((reading) => reading.length > MAX_PATH)) return { refused: `the path ${TOO_LONG}` };
  return { scoped: scopedReading(path, cwd, root, windows), wide };
}

/**
 * All that a text may name, however it is spelled. Refuses nothing, so that it also serves for the words of commands:
 * `..` is resolved as far as names go.
 * @param base absolute; where relative names begin.
 */
export function widen(text: string, base: string | null = null): WideReading {
  const { texts } = decodings(text);
  const readings = new Set<string>();
  for (const decoded of new Set([text, texts.at(-1) ?? text])) {
    for (const spelling of new Set([decoded, decoded.replace(URL_ORIGIN, '')])) {
      const folded = fold(isAbsolute(spelling) || base === null ? spelling : `${base}/${spelling}`);
      const start = isAbsolute(folded) ? '/' : '';
      const names = resolved(segmentsOf(folded));
      readings.add(start + names.join('/'));
      const bare = names.map((name, at) =>
        at === 0 && start && /^[a-z]:$/.test(name) ? name : bareName(name),
      );
      readings.add(start + bare.filter((name) => name !== '').join('/'));
    }
  }
  return { wide: [...readings] };
}

/** Allow patterns. They end at the root: nothing outside of it matches, not even `**`. */
export class PathScopes {
  private readonly globs: readonly Glob[];

  private constructor(
    /** As they were written. */
    readonly list: readonly string[],
  ) {
    this.globs = list.map((pattern) => Glob.compile(pattern));
  }

  /** @throws RangeError for a pattern that is none. */
  static compile(patterns: readonly string[]): PathScopes {
    return new PathScopes(patterns);
  }

  /** The first pattern that matches. */
  match({ scoped }: Pick<PathReading, 'scoped'>): string | null {
    if (scoped === null) return null;
    return this.globs.find((glob) => glob.matches(scoped))?.pattern ?? null;
  }
}

/**
 * Deny patterns. One matches a run of whole segments wherever it stands, and all below: `.env` a file or a folder of that
 * name, `.aws/credentials` also `/home/x/.aws/credentials`. With '/' in front it matches from the file system's root.
 */
export class PathPatterns {
  private readonly globs: readonly { readonly glob: Glob; readonly anchored: boolean }[];

  private constructor(
    /** As they were written. */
    readonly list: readonly string[],
  ) {
    this.globs = list.map((pattern) => {
      const anchored = pattern.startsWith('/');
      const options = { fold: true, covers: anchored ? 'start' : 'run' } as const;
      return { glob: Glob.compile(anchored ? pattern.slice(1) : pattern, options), anchored };
    });
  }

  /** @throws RangeError for a pattern that is none. */
  static compile(patterns: readonly string[]): PathPatterns {
    return new PathPatterns(patterns);
  }

  /** The first pattern that matches. */
  match({ wide }: WideReading): string | null {
    const readings = wide.map((path) => ({ path: path.replace(/^\//, ''), absolute: path.startsWith('/') }));
    const found = this.globs.findIndex(({ glob, anchored }) =>
      readings.some(({ path, absolute }) => (absolute || !anchored) && glob.matches(path)),
    );
    return this.list[found] ?? null;
  }
}

/** Why `path` is refused whatever the root is; null where nothing speaks against it. */
function faultOf(path: string): string | null {
  if (path === '') return 'is empty';
  if (path.length > MAX_PATH) return TOO_LONG;
  const { texts, complete } = decodings(path);
  for (const text of texts) {
    const fault = faultOfText(text);
    if (fault) return fault;
  }
  return complete ? null : 'is percent-encoded too often or not as UTF-8';
}

function faultOfText(text: string): string | null {
  if (hidesCharacters(text)) return 'has a control, bidirectional or invisible character';
  if (hasLookAlike(text)) return 'has a character that looks like a separator or a dot';
  if (/%(?:2f|5c)/i.test(text)) return 'has an encoded separator';
  if (text.includes('/') && text.includes('\\')) return 'has both kinds of separators';
  if (/^(?:\/\/|\\\\)/.test(text)) return 'begins with two separators, as network shares and devices do';
  if (text.startsWith('\\') || (DRIVE.test(text) && !WINDOWS_ABSOLUTE.test(text))) {
    return 'depends on the current drive or its current directory';
  }
  for (const name of segmentsOf(text)) {
    if (name === '..') return 'goes up with `..`';
    // Windows drops dots, blanks and streams; what is left of such a name would be its parent.
    if (name !== '' && name !== '.' && bareName(name) === '') return 'has a segment without a name';
  }
  return null;
}

function scopedReading(
  path: string,
  cwd: string | null,
  root: string | null,
  windows: boolean,
): string | null {
  // Home directories and URLs lead to where only the tool knows.
  if (path.startsWith('~') || URL_ORIGIN.test(path)) return null;
  const absolute = locate(path);
  const own = absolute?.names ?? namesIn(path);
  // Windows would open another file than the one that is named.
  if (windows && own.some((name) => bareName(name) !== name)) return null;

  const base = locate(root ?? cwd ?? '');
  if (!base) return absolute ? null : own.join('/');
  const start = locate(cwd ?? root ?? '') ?? base;
  const { volume, names } = absolute ?? { volume: start.volume, names: [...start.names, ...own] };
  const inside = volume === base.volume && base.names.every((name, at) => name === names[at]);
  return inside ? names.slice(base.names.length).join('/') : null;
}

/** Where an absolute path is; null for a relative one. */
function locate(path: string): Location | null {
  if (WINDOWS_ABSOLUTE.test(path)) {
    return { volume: path.slice(0, 2).toLowerCase(), names: namesIn(path.slice(2)) };
  }
  return path.startsWith('/') ? { volume: '', names: namesIn(path) } : null;
}

const isAbsolute = (text: string): boolean => /^(?:[a-z]:)?[\\/]/i.test(text);

const segmentsOf = (path: string): string[] => path.replaceAll('\\', '/').split('/');

const namesIn = (path: string): string[] => segmentsOf(path).filter((name) => name !== '' && name !== '.');

const isDevice = (name: string): boolean =>
  DEVICE.test(bareName(fold(name)).split('.', 1)[0]?.trimEnd() ?? '');

function resolved(names: readonly string[]): string[] {
  const kept: string[] = [];
  for (const name of names) {
    if (name === '..') kept.pop();
    else if (name !== '' && name !== '.') kept.push(name);
  }
  return kept;
}
