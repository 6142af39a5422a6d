import { add, type Chars, DOT, ESCAPES, literal, negated, NONE, range } from './characters.js';

/** The highest count of a repeat. */
const MAX_COUNT = 1_000;

/** A part of a pattern. */
export type Node =
  | { readonly type: 'set'; readonly chars: Chars }
  | { readonly type: 'edge' }
  | { readonly type: 'group'; readonly alternatives: readonly (readonly Node[])[] }
  | { readonly type: 'repeat'; readonly of: Node; readonly min: number; readonly max: number };

/** Reads the part of the language of regular expressions that {@link compileLinear} takes. */
export class PatternParser {
  private at = 0;
  private captures = 0;

  constructor(
    private readonly text: string,
    private readonly ignoreCase: boolean,
  ) {}

  whole(): Node[][] {
    const alternatives = this.alternatives();
    if (this.at < this.text.length) this.refuse('a ) without its (');
    return alternatives;
  }

  private alternatives(): Node[][] {
    const all: Node[][] = [[]];
    for (;;) {
      const next = this.text[this.at];
      if (next === undefined || next === ')') return all;
      this.at += 1;
      if (next === '|') all.push([]);
      else all.at(-1)?.push(this.repeated(this.one(next)));
    }
  }

  private one(character: string): Node {
    switch (character) {
      case '(':
        return this.group();
      case '[':
        return { type: 'set', chars: this.bracketed() };
      case '.':
        return { type: 'set', chars: DOT };
      case '^':
      case '$':
        return { type: 'edge' };
      case '\\':
        return this.escaped();
      case '*':
      case '+':
      case '?':
      case '{':
        return this.refuse(`a ${character} with nothing to repeat`);
      default:
        return { type: 'set', chars: literal(character.charCodeAt(0), this.ignoreCase) };
    }
  }

  private group(): Node {
    if (this.take('?:')) return this.closed();
    if (this.text[this.at] === '?') this.refuse('a look-around or a named group: expected ( or (?:');
    this.captures += 1;
    if (this.captures > 1) this.refuse('a second group that captures: expected (?:');
    return this.closed();
  }

  private closed(): Node {
    const alternatives = this.alternatives();
    if (!this.take(')')) this.refuse('a ( without its )');
    return { type: 'group', alternatives };
  }

  private escaped(): Node {
    const name = this.text[this.at] ?? '';
    if (name === 'b' || name === 'B') {
      this.at += 1;
      return { type: 'edge' };
    }
    return { type: 'set', chars: this.escapedSet() };
  }

  /** @returns the set that the escape behind the backslash stands for. */
  private escapedSet(): Chars {
    const name = this.text[this.at];
    if (name === undefined) return this.refuse('a \\ at the end');
    const known = ESCAPES[name];
    if (known) {
      this.at += 1;
      return known();
    }
    return literal(this.escapedCode(), this.ignoreCase);
  }

  private escapedCode(): number {
    const name = this.text[this.at] ?? '';
    this.at += 1;
    const control = CONTROLS[name];
    if (control !== undefined) return control;
    const digits = name === 'x' ? 2 : name === 'u' ? 4 : 0;
    if (digits > 0) {
      const hex = this.text.slice(this.at, this.at + digits);
      if (!/^[0-9a-f]+$/i.test(hex) || hex.length < digits) this.refuse(`\\${name} without ${digits} digits`);
      this.at += digits;
      return Number.parseInt(hex, 16);
    }
    if (/[a-z0-9]/i.test(name)) this.refuse(`\\${name}: expected \\d \\w \\s \\b, or a sign`);
    return name.charCodeAt(0);
  }

  private bracketed(): Chars {
    const chars = new Uint8Array(NONE);
    const isNegated = this.take('^');
    for (;;) {
      const next = this.text[this.at];
      if (next === undefined) return this.refuse('a [ without its ]');
      this.at += 1;
      if (next === ']') break;
      const known = next === '\\' ? ESCAPES[this.text[this.at] ?? ''] : undefined;
      if (known) {
        this.at += 1;
        add(chars, known());
        continue;
      }
      const from = next === '\\' ? this.escapedCode() : next.charCodeAt(0);
      const to = this.rangeEnd() ?? from;
      add(chars, range(from, to, this.ignoreCase));
    }
    return isNegated ? negated(chars) : chars;
  }

  /** @returns the code behind a `-` that makes a range; null where there is none. */
  private rangeEnd(): number | null {
    if (this.text[this.at] !== '-' || this.text[this.at + 1] === ']') return null;
    const next = this.text[this.at + 1];
    if (next === undefined || (next === '\\' && ESCAPES[this.text[this.at + 2] ?? ''])) return null;
    this.at += 2;
    return next === '\\' ? this.escapedCode() : next.charCodeAt(0);
  }

  private repeated(node: Node): Node {
    const count = this.count();
    if (!count) return node;
    const { min, max } = count;
    if (/[?+*{]/.test(this.text[this.at] ?? '')) this.refuse('a repeat of a repeat, or a lazy one');
    if (node.type === 'edge') this.refuse('a repeat of an edge');
    if (node.type === 'group' && (min !== 0 || max !== 1))
      this.refuse('a repeated group: expected at most ?');
    if (max !== Infinity && max > MAX_COUNT) this.refuse(`a repeat beyond ${MAX_COUNT}`);
    if (min > max || min > MAX_COUNT) this.refuse(`a repeat from ${min}`);
    return { type: 'repeat', of: node, min, max };
  }

  private count(): { readonly min: number; readonly max: number } | null {
    if (this.take('?')) return { min: 0, max: 1 };
    if (this.take('*')) return { min: 0, max: Infinity };
    if (this.take('+')) return { min: 1, max: Infinity };
    if (this.text[this.at] !== '{') return null;
    const found = /^\{(\d{1,5})(,(\d{0,5}))?\}/.exec(this.text.slice(this.at, this.at + 16));
    if (!found) return this.refuse('a { that is no count; write \\{');
    this.at += found[0].length;
    const min = Number(found[1]);
    return { min, max: found[2] === undefined ? min : found[3] ? Number(found[3]) : Infinity };
  }

  private take(expected: string): boolean {
    if (!this.text.startsWith(expected, this.at)) return false;
    this.at += expected.length;
    return true;
  }

  private refuse(what: string): never {
    throw new SyntaxError(`${what}, at character ${this.at} of the pattern`);
  }
}

const CONTROLS: Readonly<Record<string, number | undefined>> = { n: 10, r: 13, t: 9, f: 12, v: 11 };
