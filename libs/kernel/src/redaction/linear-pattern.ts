import { add, ALL, areDisjoint, type Chars, NONE } from './characters.js';
import { type Node, PatternParser } from './pattern-parser.js';

/** The longest pattern. */
const MAX_TEXT = 512;
/** How many characters one attempt may look at, all its ways taken together. */
const MAX_STEPS = 4_096;

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
  const parser = new PatternParser(pattern, ignoreCase);
  const alternatives = parser.whole();
  const rest = { first: NONE, fails: false };
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
  const first = new Uint8Array(NONE);
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
      return { first: ALL, empty: false, ways: 1, length: 0 };
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
