/** Unicode and percent-encoding of paths; nothing here knows roots or scopes. */

/** Linux's PATH_MAX; in UTF-16 units. */
export const MAX_PATH = 4_096;
const MAX_DECODINGS = 5;

const PLAIN = /^[ -~]*$/;
/** Controls, formats (bidi, zero-width), lone surrogates, line and paragraph separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** Slashes and backslashes that NFKC leaves alone. */
const LOOK_ALIKE = /[\u2044\u2215\u2216\u2571\u2572\u27CB\u27CD\u29F5\u29F8\u29F9]/;
const ENCODED = /(?:%[0-9a-f]{2})+/gi;

/** Whether people cannot see all of `text`. */
export function hidesCharacters(text: string): boolean {
  return !PLAIN.test(text) && UNSEEN.test(text);
}

/** Whether `text` has a character that is, or becomes under NFKC, like a separator or a dot. */
export function hasLookAlike(text: string): boolean {
  return !PLAIN.test(text) && (LOOK_ALIKE.test(text) || skeleton(text) !== skeleton(text.normalize('NFKC')));
}

const skeleton = (text: string): string => text.replace(/[^./\\]/g, '');

/**
 * NFKC and without case, as loosely as any file system compares. Full case mapping both ways, since one way leaves
 * pairs such as `ß` and `ẞ`; the final sigma is the one letter whose lower case depends on what stands around it.
 */
export function fold(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  const lower = text.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase();
  return lower
    .replaceAll('ς', 'σ')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFKC');
}

/** A segment's name without an NTFS stream (`:x`) and without the dots and blanks at its end, as Windows opens it. */
export function bareName(name: string): string {
  const stream = name.indexOf(':');
  let end = stream < 0 ? name.length : stream;
  while (end > 0 && (name[end - 1] === '.' || name[end - 1] === ' ')) end -= 1;
  return name.slice(0, end);
}

/**
 * `text` and what it becomes when it is percent-decoded again and again.
 * @returns complete: false where that is not stable after five times, or the bytes are no UTF-8 (overlong forms are none).
 */
export function decodings(text: string): { texts: readonly string[]; complete: boolean } {
  const texts = [text];
  if (!text.includes('%')) return { texts, complete: true };
  try {
    for (let last = text; texts.length <= MAX_DECODINGS + 1; texts.push(last)) {
      const decoded = last.replace(ENCODED, (bytes) => decodeURIComponent(bytes));
      if (decoded === last) return { texts, complete: true };
      last = decoded;
    }
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
  }
  return { texts, complete: false };
}
