import { LIMITS } from '#kernel';
import { type Field, IdentityRefused, isAbsentText } from './fields.js';
import { splitAtCommas } from './line-values.js';

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;
const TRUE_WORDS: ReadonlySet<string> = new Set(['true', 'yes', 'on']);
const FALSE_WORDS: ReadonlySet<string> = new Set(['false', 'no', 'off']);

/** What is wrong with a text (other than a name) that is to be stored, or null. */
export function textFault(text: string): string | null {
  if (text.includes('\0')) return 'holds a NUL character';
  if (/\p{Surrogate}/u.test(text)) return 'holds half of a surrogate pair';
  return Buffer.byteLength(text) > LIMITS.textBytes ? `is longer than ${LIMITS.textBytes} bytes` : null;
}

/** A field as one text; one that is no scalar is its own source, for `[a] [b]` in a reasoning is text too. */
export function scalarText({ value }: Field): string | null {
  if (value.kind === 'text') return value.text.trim();
  if (value.kind === 'list' || value.raw === '' || value.raw.includes('\n')) return null;
  return value.raw;
}

/** A field as a list without empty and repeated items; a single text is a comma or line list. Null if it is none. */
export function listItems({ value }: Field): readonly string[] | null {
  if (value.kind === 'unreadable') return null;
  const items = value.kind === 'list' ? value.items : value.text.split('\n').flatMap(splitAtCommas);
  return [...new Set(items.map((item) => item.trim()).filter((item) => !isAbsentText(item)))];
}

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
}

/** A field as a number in the range, or what is wrong with it. */
export function numberIn(field: Field, range: NumberRange): number | string {
  const text = field.value.kind === 'text' ? field.value.text.trim() : '';
  const value = NUMBER.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) return 'is not a number';
  if (range.integer === true && !Number.isInteger(value)) return 'is not a whole number';
  if (value < range.min || value > range.max) {
    return `must be at least ${range.min} and at most ${range.max}`;
  }
  return value;
}

/** A field as a truth value, or null if it is none. */
export function truthValue({ value }: Field): boolean | null {
  const word = value.kind === 'text' ? value.text.trim().toLowerCase() : '';
  if (TRUE_WORDS.has(word)) return true;
  return FALSE_WORDS.has(word) ? false : null;
}

/** @throws IdentityRefused naming the field. */
export function refuseField(field: Field, label: string, fault: string): never {
  throw new IdentityRefused(field.line, `${label} ${fault}`);
}
