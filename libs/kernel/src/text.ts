import { LIMITS } from './limits.js';

/** True where `text` can be stored on every database: no NUL, no lone surrogate. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** `text` with NUL and lone surrogates replaced by U+FFFD. */
export function toStorable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** A place in a JSON value that cannot be stored as it is. */
export interface UnstorablePlace {
  readonly path: string;
  readonly message: string;
}

/** The first text with NUL or a lone surrogate, or the first value nested too deep; null where all is well. */
export function findUnstorable(value: unknown, path = '', depth = 0): UnstorablePlace | null {
  if (typeof value === 'string') {
    return isStorable(value)
      ? null
      : { path: path || 'body', message: 'must not contain NUL or lone surrogates' };
  }
  if (value === null || typeof value !== 'object') return null;
  if (depth >= LIMITS.depth) return { path, message: `must not nest deeper than ${LIMITS.depth} levels` };
  const array = Array.isArray(value);
  for (const key of Object.keys(value)) {
    if (!array && !isStorable(key))
      return { path: path || 'body', message: 'has a key with NUL or lone surrogates' };
    const child = (value as Record<string, unknown>)[key];
    if (typeof child !== 'string' && (child === null || typeof child !== 'object')) continue;
    const place = findUnstorable(child, array ? `${path}[${key}]` : path ? `${path}.${key}` : key, depth + 1);
    if (place) return place;
  }
  return null;
}

/** Control, bidi and zero-width characters: what a reader does not see, or sees elsewhere. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** `text` with what cannot be seen written as an escape, `\\u202e`; the same text still where it is JSON. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => character.split('').map(toEscape).join(''));
}

function toEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
