/** Letters, digits and their marks, 64 at most: a longer run is several words. */
const WORD = /[\p{L}\p{N}\p{M}]{1,64}/gu;

/** The same of a text that is in compatibility form anyway, in small letters: most are, and this is several times as fast. */
const PLAIN = /^[\0-\x7f]*$/;
const PLAIN_WORD = /[a-z0-9]{1,64}/g;

/**
 * The words of a text as they are looked for: in compatibility form (UAX #15, NFKC) and small letters, each once. They are split here
 * and not by a database, so that all find the same.
 */
export function wordsOf(text: string): Set<string> {
  if (PLAIN.test(text)) return new Set(text.toLowerCase().match(PLAIN_WORD));
  const words = text.normalize('NFKC').match(WORD) ?? [];
  return new Set(words.map((word) => word.toLowerCase()));
}
