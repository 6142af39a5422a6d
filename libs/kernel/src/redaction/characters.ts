/** Places beyond those of ASCII: all other blanks, and all else. */
const BLANKS = 128;
const OTHERS = 129;
const PLACES = 130;
/** How much of a place a set holds. */
const PART = 1;
const WHOLE = 2;

/** A set of characters: by place, nothing, `PART` or `WHOLE`. */
export type Chars = Uint8Array;

export const NONE: Chars = new Uint8Array(PLACES);
export const ALL: Chars = new Uint8Array(PLACES).fill(WHOLE);

export function areDisjoint(a: Chars, b: Chars): boolean {
  return a.every((part, place) => part === 0 || b[place] === 0);
}

export function add(to: Chars, more: Chars): void {
  more.forEach((part, place) => (to[place] = Math.max(to[place] ?? 0, part)));
}

/** All that is not in `chars`; what is there in part is in both. */
export function negated(chars: Chars): Chars {
  return chars.map((part) => (part === WHOLE ? 0 : part === PART ? PART : WHOLE));
}

/** Of the characters from one code to another. */
export function range(from: number, to: number, ignoreCase: boolean): Chars {
  const chars = new Uint8Array(PLACES);
  for (let code = from; code <= Math.min(to, BLANKS); code += 1) add(chars, literal(code, ignoreCase));
  // Beyond ASCII a range may hold anything.
  if (to >= BLANKS) chars[OTHERS] = chars[BLANKS] = PART;
  return chars;
}

export function literal(code: number, ignoreCase: boolean): Chars {
  const chars = new Uint8Array(PLACES);
  if (code >= BLANKS) {
    chars[isBlank(code) ? BLANKS : OTHERS] = PART;
    return chars;
  }
  chars[code] = WHOLE;
  if (ignoreCase) {
    const letter = String.fromCharCode(code);
    chars[letter.toLowerCase().charCodeAt(0)] = WHOLE;
    chars[letter.toUpperCase().charCodeAt(0)] = WHOLE;
  }
  return chars;
}

function setOf(has: (code: number) => boolean, others: number, blanks: number): Chars {
  const chars = new Uint8Array(PLACES);
  for (let code = 0; code < BLANKS; code += 1) chars[code] = has(code) ? WHOLE : 0;
  chars[OTHERS] = others;
  chars[BLANKS] = blanks;
  return chars;
}

function isBlank(code: number): boolean {
  return /\s/.test(String.fromCharCode(code));
}

const matches = (form: RegExp) => (code: number) => form.test(String.fromCharCode(code));

/** What the escapes of sets stand for. */
export const ESCAPES: Readonly<Record<string, (() => Chars) | undefined>> = Object.assign(
  Object.create(null) as Record<string, () => Chars>,
  {
    d: () => setOf(matches(/\d/), 0, 0),
    D: () => setOf(matches(/\D/), WHOLE, WHOLE),
    w: () => setOf(matches(/\w/), 0, 0),
    W: () => setOf(matches(/\W/), WHOLE, WHOLE),
    s: () => setOf(matches(/\s/), 0, WHOLE),
    S: () => setOf(matches(/\S/), WHOLE, 0),
  },
);

/** What a dot stands for: all but the ends of lines. */
export const DOT: Chars = setOf((code) => code !== 10 && code !== 13, WHOLE, PART);
