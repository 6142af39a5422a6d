import { fold, hidesCharacters } from './path-text.js';

const MAX_PATTERN = 512;
interface GlobOptions {
  /** For deny patterns, to meet the widest readings: case and Unicode form do not count. */
  readonly fold?: boolean;
  /** The whole path, its first segments, or any run of segments. */
  readonly covers?: 'path' | 'start' | 'run';
}

/** `**` and its separator, as one token. No pattern holds this character. */
const DEEP = '\0';

/**
 * A pattern over paths whose segments are joined by '/': `*` stands for any characters of a segment, `?` for one,
 * `**` for any number of whole segments, also none. All else is literal, and a leading dot is nothing special.
 *
 * It is an automaton that follows all its ways at once, a bit for each state (Shift-And: Baeza-Yates and Gonnet, "A New
 * Approach to Text Searching", 1992; with loops). It takes path × pattern ÷ 32 steps, whatever the pattern.
 */
export class Glob {
  /** The longest text without wildcards. A path without it cannot match, and that is fast to see. */
  private readonly literal: string;
  private readonly final: number;
  /** The states that stay where they are on anything (`**`), and on anything but a separator (`*` too). */
  private readonly deep: Uint32Array;
  private readonly stays: Uint32Array;
  /** The states that a character leads to the next one; characters that are not listed do what `?` accepts. */
  private readonly accepts = new Map<string, Uint32Array>();
  private readonly acceptsOther: Uint32Array;

  private constructor(
    /** As it was written. */
    readonly pattern: string,
    text: string,
  ) {
    // A separator after each segment, the last too, so that `**` is the same at every place.
    const tokens = `${text}/`.replaceAll(/(?:\*\*\/)+/g, DEEP);
    this.literal = longest(tokens.split(/[*?\0]/));
    const states = [...tokens.replaceAll('*', '')];
    this.final = states.length;
    const none = new Uint32Array((states.length >> 5) + 1);
    this.deep = none.slice();
    this.stays = none.slice();
    this.acceptsOther = none.slice();

    let state = 0;
    for (const token of tokens) {
      if (token === '*' || token === DEEP) add(this.stays, state);
      if (token === DEEP) add(this.deep, state);
      if (token === '?') add(this.acceptsOther, state);
      if (token !== '*') state += 1;
    }
    this.accepts.set('/', none.slice());
    for (const [from, token] of states.entries()) {
      if (token === '?' || token === DEEP) continue;
      const accepting = this.accepts.get(token) ?? this.acceptsOther.slice();
      add(accepting, from);
      this.accepts.set(token, accepting);
    }
  }

  /** @throws RangeError for a pattern that is too long or that no path can match. */
  static compile(pattern: string, options: GlobOptions = {}): Glob {
    const text = options.fold ? fold(pattern) : pattern;
    const fault = faultOf(text);
    if (fault) throw new RangeError(`${JSON.stringify(pattern)} is no path pattern: ${fault}`);
    const before = options.covers === 'run' ? '**/' : '';
    const after = options.covers === 'run' || options.covers === 'start' ? '/**' : '';
    return new Glob(pattern, before + text + after);
  }

  /** @param path without '/' at its ends; '' is the root. */
  matches(path: string): boolean {
    const text = path === '' ? '' : `${path}/`;
    if (!text.includes(this.literal)) return false;
    const { deep, stays, accepts, acceptsOther } = this;
    const words = deep.length;
    const states = new Uint32Array(words);
    add(states, 0);
    this.enterNextSegments(states);
    for (const character of text) {
      const separator = character === '/';
      const accepting = accepts.get(character) ?? acceptsOther;
      const staying = separator ? deep : stays;
      let carry = 0;
      let alive = 0;
      for (let word = 0; word < words; word += 1) {
        const before = states[word] ?? 0;
        const moved = before & (accepting[word] ?? 0);
        const after = (moved << 1) | carry | (before & (staying[word] ?? 0));
        carry = moved >>> 31;
        states[word] = after;
        alive |= after;
      }
      if (alive === 0) return false;
      if (separator) this.enterNextSegments(states);
    }
    return has(states, this.final);
  }

  /** Between segments a `**` may end. No two follow each other, so once is enough. */
  private enterNextSegments(states: Uint32Array): void {
    let carry = 0;
    for (const [word, deep] of this.deep.entries()) {
      const ending = (states[word] ?? 0) & deep;
      states[word] = (states[word] ?? 0) | (ending << 1) | carry;
      carry = ending >>> 31;
    }
  }
}

function faultOf(text: string): string | null {
  if (text === '') return 'it is empty';
  if (text.length > MAX_PATTERN) return `it is longer than ${MAX_PATTERN} characters`;
  if (hidesCharacters(text)) return 'it has a control, bidirectional or invisible character';
  if (text.includes('\\')) return 'segments are separated by "/", and nothing is escaped';
  for (const segment of text.split('/')) {
    if (segment === '') return 'it has an empty segment: no "/" at the ends, no "//"';
    if (segment === '.' || segment === '..') return `it has the segment "${segment}", which no path keeps`;
    if (segment !== '**' && segment.includes('**')) return '"**" stands for whole segments, as in "src/**"';
  }
  return null;
}

const longest = (texts: readonly string[]): string =>
  texts.reduce((best, text) => (text.length > best.length ? text : best));

function add(set: Uint32Array, state: number): void {
  set[state >> 5] = (set[state >> 5] ?? 0) | (1 << (state & 31));
}

function has(set: Uint32Array, state: number): boolean {
  return (((set[state >> 5] ?? 0) >>> (state & 31)) & 1) === 1;
}
