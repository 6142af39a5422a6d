/** The longest pattern, and the highest count of a repeat. */
const MAX_TEXT = 512;
const MAX_COUNT = 1_000;
/** How many characters one attempt may look at, all its ways taken together. */
const MAX_STEPS = 4_096;

/** Places beyond those of ASCII: all other blanks, and all else. */
const BLANKS = 128;
const OTHERS = 129;
const PLACES = 130;
/** How much of a place a set holds. */
const PART = 1;
const WHOLE = 2;

/** A set of characters: by place, nothing, `PART` or `WHOLE`. */
type Chars = Uint8Array;

type Node =
  | { readonly type: 'set'; readonly chars: Chars }
  | { readonly type: 'edge' }
  | { readonly type: 'group'; readonly alternatives: readonly (readonly Node[])[] }
  | { readonly type: 'repeat'; readonly of: Node; readonly min: number; readonly max: number };

/** What stands behind a part of a pattern: what it may begin with, and whether it may fail. */
interface Rest {
  readonly first: Chars;
  readonly fails: boolean;
}

interface Shape {
  /** What it, or where it is empty what stands behind it, may begin with. */
  readonly first: Chars;
  readonly empty: boolean;
  /** In how many ways it can match at one place, at most. */
  readonly ways: number;
  /** Characters it may look at before it fails, at most. */
  readonly length: number;
}

/**
 * Compiles a regular expression of the form that is searched in linear time, however hostile the text: repeats are
 * bounded or stand at the end, a group is at most optional, and the ways to match at one place, times their length,
 * are few. Its one group, if it has one, is what is meant.
 * @throws SyntaxError that says what is allowed.
 */
export function compileLinear(pattern: string, ignoreCase = false): RegExp {
  if (pattern.length > MAX_TEXT) throw new SyntaxError(`expected at most ${MAX_TEXT} characters`);
  const parser = new Parser(pattern, ignoreCase);
  const alternatives = parser.whole();
  const rest = { first: new Uint8Array(PLACES), fails: false };
  const { ways, length } = shapeOfGroup(alternatives, rest);
  if (ways * length > MAX_STEPS)
    throw new SyntaxError(
      `too many ways to match: ${ways} times ${length} characters, expected at most ${MAX_STEPS}; bound repeats lower, or let what follows them be no part of them`,
    );
  const compiled = new RegExp(pattern, ignoreCase ? 'dgi' : 'dg');
  if (new RegExp(compiled.source, compiled.flags).test(''))
    throw new SyntaxError('it matches the empty text');
  return compiled;
}

function shapeOfSequence(nodes: readonly Node[], behind: Rest): Shape {
  let { first, fails } = behind;
  let [ways, length, empty] = [1, 0, true];
  for (const node of nodes.toReversed()) {
    const shape = shapeOf(node, { first, fails });
    ways *= shape.ways;
    length += shape.length;
    empty &&= shape.empty;
    first = shape.first;
    fails ||= !shape.empty;
  }
  return { first, empty, ways, length };
}

function shapeOfGroup(alternatives: readonly (readonly Node[])[], behind: Rest): Shape {
  const shapes = alternatives.map((nodes) => shapeOfSequence(nodes, behind));
  const first = new Uint8Array(PLACES);
  let distinct = true;
  for (const shape of shapes) {
    distinct &&= areDisjoint(first, shape.first);
    add(first, shape.first);
  }
  const ways = shapes.map((shape) => shape.ways);
  return {
    first,
    empty: shapes.some((shape) => shape.empty),
    ways: distinct ? Math.max(...ways) : ways.reduce((sum, each) => sum + each, 0),
    length: Math.max(...shapes.map((shape) => shape.length)),
  };
}

function shapeOf(node: Node, behind: Rest): Shape {
  switch (node.type) {
    case 'set':
      return { first: node.chars, empty: false, ways: 1, length: 1 };
    case 'edge':
      return { first: new Uint8Array(PLACES).fill(WHOLE), empty: false, ways: 1, length: 0 };
    case 'group':
      return shapeOfGroup(node.alternatives, behind);
    case 'repeat':
      return node.of.type === 'set'
        ? shapeOfRepeat(node.of.chars, node, behind)
        : shapeOfOptional(shapeOf(node.of, behind), behind);
  }
}

function shapeOfRepeat(
  chars: Chars,
  { min, max }: { readonly min: number; readonly max: number },
  behind: Rest,
): Shape {
  const first = new Uint8Array(chars);
  if (min === 0) add(first, behind.first);
  // Where nothing behind it can fail, what it took is never looked at again.
  const settled = !behind.fails || areDisjoint(chars, behind.first);
  if (max === Infinity && behind.fails)
    throw new SyntaxError(
      'expected a bound, such as {1,64}: only the end of a pattern may repeat without one',
    );
  return {
    first,
    empty: min === 0,
    ways: settled ? 1 : max - min + 1,
    length: max === Infinity ? Math.max(min, 1) : max,
  };
}

function shapeOfOptional(shape: Shape, behind: Rest): Shape {
  const first = new Uint8Array(shape.first);
  add(first, behind.first);
  const left = areDisjoint(shape.first, behind.first) ? 0 : 1;
  return { first, empty: true, ways: shape.ways + left, length: shape.length };
}

function areDisjoint(a: Chars, b: Chars): boolean {
  return a.every((part, place) => part === 0 || b[place] === 0);
}

function add(to: Chars, more: Chars): void {
  more.forEach((part, place) => (to[place] = Math.max(to[place] ?? 0, part)));
}

/** Reads the part of the language of regular expressions that {@link compileLinear} takes. */
class Parser {
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
        return { type: 'set', chars: setOf((code) => code !== 10 && code !== 13, WHOLE, PART) };
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
        return { type: 'set', chars: this.literal(character.charCodeAt(0)) };
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
    return this.literal(this.escapedCode());
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
    const chars = new Uint8Array(PLACES);
    const negated = this.take('^');
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
      for (let code = from; code <= Math.min(to, BLANKS); code += 1) add(chars, this.literal(code));
      if (to >= BLANKS) add(chars, this.literal(to));
    }
    return negated ? chars.map((part) => (part === WHOLE ? 0 : part === PART ? PART : WHOLE)) : chars;
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

  private literal(code: number): Chars {
    const chars = new Uint8Array(PLACES);
    if (code >= BLANKS) {
      chars[isBlank(code) ? BLANKS : OTHERS] = PART;
      return chars;
    }
    chars[code] = WHOLE;
    if (this.ignoreCase) {
      const letter = String.fromCharCode(code);
      chars[letter.toLowerCase().charCodeAt(0)] = WHOLE;
      chars[letter.toUpperCase().charCodeAt(0)] = WHOLE;
    }
    return chars;
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

const ESCAPES: Readonly<Record<string, (() => Chars) | undefined>> = Object.assign(
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

const CONTROLS: Readonly<Record<string, number | undefined>> = { n: 10, r: 13, t: 9, f: 12, v: 11 };
