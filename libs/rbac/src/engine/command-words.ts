import type { Assignment, Word, WordPart } from 'unbash';
import type { CommandWork } from './command-work.js';

/** One argument as far as it can be known before the command runs. */
export interface Argument {
  /** Quotes removed; null where it depends on an expansion. */
  readonly value: string | null;
  /** Pieces that are known: the value alone, or what stands between expansions. */
  readonly pieces: readonly string[];
  /** Whether it may become several words, or none: an unquoted expansion, `"$@"`. */
  readonly many: boolean;
  /** Whether it is a pattern that the shell replaces by file names. */
  readonly pattern: boolean;
}

/** A brace expansion that gives more words than anybody reads. */
export class TooManyWords extends Error {}

const MAX_BRACE_WORDS = 512;
/** Characters of all words that one expansion gives. */
const MAX_BRACE_CHARS = 16_384;
/** Each level is read again by itself. */
const MAX_BRACE_DEPTH = 8;
/** Nothing in it has a meaning to the shell. */
const PLAIN = /^[\w./-]+$/;
const MAX_RANGE = 100;
/** Where these lead is what `~` and `.` mean; other variables are unknown. */
const KNOWN_VARIABLES = new Map([
  ['HOME', '~'],
  ['PWD', '.'],
]);

/** An argument that nothing is known about; `many` says whether it may be several. */
export function unknownArgument(many: boolean): Argument {
  return { value: null, pieces: [], many, pattern: false };
}

export function knownArgument(value: string): Argument {
  return { value, pieces: [value], many: false, pattern: false };
}

/**
 * The arguments that one word of the text becomes. Brace expansion comes before all other expansions and is textual,
 * so the alternatives are written out and read again.
 * @throws TooManyWords; TooMuchWork
 */
export function argumentsOf(word: Word, work: CommandWork): Argument[] {
  const parts = word.parts;
  if (!parts) return [knownArgument(word.value)];
  if (!parts.some((part) => part.type === 'BraceExpansion')) return [argumentOf(parts)];
  const alternatives = parts.map((part) =>
    part.type === 'BraceExpansion' ? braces(part.text, 0, work) : [part.text],
  );
  if (alternatives.some((texts) => texts === null))
    return [{ ...argumentOf(parts), value: null, many: true }];
  const texts = product(alternatives as string[][]);
  if (texts.every((text) => PLAIN.test(text))) return texts.map(knownArgument);
  // The empty quotes keep an alternative such as `#` or `a=b` a word.
  const again = work.parse(`: ${texts.map((text) => `''${text}`).join(' ')}`);
  const command = again.commands[0]?.command;
  if (command?.type !== 'Command' || command.args.length !== texts.length || again.errors?.length) {
    return [unknownArgument(true)];
  }
  return command.args.map((arg) => {
    const inner = arg.type === 'Word' ? arg.parts : undefined;
    return inner ? argumentOf(inner) : unknownArgument(true);
  });
}

function argumentOf(parts: readonly WordPart[]): Argument {
  const found = { segments: [''] as string[], many: false, pattern: false };
  collect(parts, false, found);
  const pieces = found.segments.filter((segment) => segment !== '');
  const value = found.segments.length === 1 ? (found.segments[0] ?? '') : null;
  return { value, pieces, many: found.many, pattern: found.pattern };
}

/** Appends what is literal to the last segment; what is not begins a new one. */
function collect(
  parts: readonly WordPart[],
  quoted: boolean,
  found: { segments: string[]; many: boolean; pattern: boolean },
): void {
  const append = (text: string): void => {
    found.segments.push((found.segments.pop() ?? '') + text);
  };
  const unknown = (many: boolean): void => {
    found.segments.push('');
    if (many) found.many = true;
  };
  for (const part of parts) {
    switch (part.type) {
      case 'Literal':
      case 'SingleQuoted':
      case 'AnsiCQuoted':
        append(part.value);
        break;
      case 'Glob':
      case 'ExtendedGlob':
        found.pattern = true;
        append(part.text);
        // A bracket such as `[$x]` is as unknown as what it holds.
        if (part.parts?.some(({ type }) => type.endsWith('Expansion'))) unknown(true);
        break;
      case 'DoubleQuoted':
      case 'LocaleString':
        collect(part.parts, true, found);
        break;
      case 'SimpleExpansion': {
        const known = KNOWN_VARIABLES.get(part.text.slice(1));
        if (known === undefined) unknown(!quoted || part.text === '$@');
        else append(known);
        break;
      }
      case 'ParameterExpansion': {
        const plain = !part.operation && !part.index && !part.prefix;
        const known = plain ? KNOWN_VARIABLES.get(part.parameter) : undefined;
        if (known === undefined) unknown(!quoted || /@/.test(part.text));
        else append(known);
        break;
      }
      case 'ArithmeticExpansion':
      case 'ProcessSubstitution':
        unknown(false);
        break;
      case 'CommandExpansion':
        unknown(!quoted);
        break;
      case 'BraceExpansion':
        if (part.parts) collect(part.parts, quoted, found);
        else append(part.text);
        unknown(true);
    }
  }
}

/** The raw alternatives of `{a,b}` or `{1..3}`; null where they cannot be told. */
function braces(text: string, level: number, work: CommandWork): string[] | null {
  if (level > MAX_BRACE_DEPTH) throw new TooManyWords();
  const body = text.slice(1, -1);
  if (/[$`]/.test(body)) return null;
  const range = /^(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?$/.exec(body);
  if (range) return rangeOf(range[1] ?? '', range[2] ?? '', range[3] ?? '1');
  const alternatives: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const char = body[at];
    if (char === '\\') at++;
    else if (char === "'" || char === '"') at = endOfQuote(body, at);
    else if (char === '{') depth++;
    else if (char === '}') depth--;
    else if (char === ',' && depth === 0) {
      alternatives.push(body.slice(from, at));
      from = at + 1;
    }
  }
  alternatives.push(body.slice(from));
  const expanded: string[] = [];
  for (const alternative of alternatives) {
    const inner = alternative.includes('{') ? nested(alternative, level + 1, work) : [alternative];
    if (!inner) return null;
    expanded.push(...inner);
    if (expanded.length > MAX_BRACE_WORDS) throw new TooManyWords();
  }
  return expanded;
}

function nested(text: string, level: number, work: CommandWork): string[] | null {
  const command = work.parse(`: ''${text}`).commands[0]?.command;
  const word = command?.type === 'Command' ? command.args[0] : undefined;
  if (word?.type !== 'Word' || !word.parts) return null;
  const alternatives: string[][] = [];
  for (const part of word.parts) {
    const texts = part.type === 'BraceExpansion' ? braces(part.text, level, work) : [part.text];
    if (!texts) return null;
    alternatives.push(texts);
  }
  return product(alternatives);
}

function rangeOf(from: string, to: string, by: string): string[] | null {
  const numeric = /\d/.test(from) && /\d/.test(to);
  if (!numeric && (/\d/.test(from) || /\d/.test(to))) return [`\\{${from}..${to}\\}`];
  const [first, last] = numeric ? [Number(from), Number(to)] : [from.charCodeAt(0), to.charCodeAt(0)];
  const step = Math.max(1, Math.abs(Number(by)));
  const size = Math.floor(Math.abs(last - first) / step) + 1;
  if (size > MAX_RANGE) return null;
  const width = /^-?0\d/.test(from) || /^-?0\d/.test(to) ? Math.max(from.length, to.length) : 0;
  return Array.from({ length: size }, (_, index) => {
    const value = first + Math.sign(last - first) * step * index;
    if (!numeric) return /[A-Za-z]/.test(String.fromCharCode(value)) ? String.fromCharCode(value) : '_';
    return (value < 0 ? '-' : '') + String(Math.abs(value)).padStart(width - (value < 0 ? 1 : 0), '0');
  });
}

function length(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}

function endOfQuote(text: string, start: number): number {
  const quote = text[start];
  let at = start + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' && quote === '"' ? 2 : 1;
  return at;
}

function product(alternatives: readonly (readonly string[])[]): string[] {
  let texts = [''];
  for (const choices of alternatives) {
    if (texts.length * choices.length > MAX_BRACE_WORDS) throw new TooManyWords();
    const chars = choices.length * length(texts) + texts.length * length(choices);
    if (chars > MAX_BRACE_CHARS) throw new TooManyWords();
    texts = texts.flatMap((text) => choices.map((choice) => text + choice));
  }
  return texts;
}

/**
 * The names of files that a word may carry: itself, the value of `--opt=value`, `-Fvalue`, `@file`, `<file`,
 * `host:path` and `HEAD:path`.
 */
export function fileNamesIn(word: string): string[] {
  const names = [word];
  let rest = word.replace(/^-[A-Za-z](?=[^-=])/, '');
  if (rest !== word) names.push(rest);
  for (let step = 0; step < 4; step++) {
    const cut = rest.search(/[=:@<,]/);
    if (cut < 0) break;
    rest = rest.slice(cut + 1);
    if (rest !== '') names.push(rest);
  }
  return names;
}

/** What reads a word. */
export type ReadWord = (word: Word) => readonly Argument[];

/** `name=value` among the arguments, as `export` takes it. */
export function assignmentArgument({ name, value }: Assignment, readWord: ReadWord): Argument {
  const assigned = value.type === 'Word' ? readWord(value)[0] : undefined;
  if (!assigned || assigned.value === null)
    return { value: null, pieces: [`${name}=`], many: false, pattern: false };
  return knownArgument(`${name}=${assigned.value}`);
}

/** The piece that stands before the first expansion; '' where the target begins with one. */
export function knownBeginning(target: Word, pieces: readonly string[]): string {
  const first = pieces[0] ?? '';
  const literal = target.text.replace(/["'\\]/g, '');
  return literal.startsWith(first) ? first : '';
}
