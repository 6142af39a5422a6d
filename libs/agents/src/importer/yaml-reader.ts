import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Scalar,
} from 'yaml';
import {
  blockShapes,
  type Field,
  type Fields,
  type FieldValue,
  IdentityRefused,
  refuseForbiddenKey,
  type Shape,
  topShape,
} from './fields.js';

export type YamlReading =
  | { readonly valid: true; readonly fields: Fields }
  /** Not YAML, from this 1-based line of the file on. */
  | { readonly valid: false; readonly line: number };

/** How many aliases a file may stand for once all are followed; the default of the `yaml` package. */
const MAX_ALIAS_COUNT = 100;
const CORE_TAGS: ReadonlySet<string> = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

/**
 * Reads front matter as YAML 1.2, core schema. Nothing is ever built from it but text and lists of text, and no
 * alias outside the known fields is followed.
 * @throws IdentityRefused for a custom tag, excessive aliases, a forbidden key or a nesting without reason.
 */
export function readYaml(lines: readonly string[], firstLine: number): YamlReading {
  const source = lines.join('\n');
  const lineCounter = new LineCounter();
  const lineOf = (offset: number): number => lineCounter.linePos(offset).line + firstLine - 1;
  try {
    const document = parseDocument(source, {
      schema: 'core',
      resolveKnownTags: false,
      // The package compares every pair of keys, which takes minutes on a large file; the inspection uses a set.
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter,
    });
    const inspection = new Inspection(lineOf);
    inspection.visit(document.contents);
    const fault = document.errors[0]?.pos[0] ?? inspection.fault;
    if (fault !== null) return { valid: false, line: lineOf(fault) };
    return { valid: true, fields: new FieldCollector(document, source, lineOf).collect() };
  } catch (error) {
    if (error instanceof RangeError)
      throw new IdentityRefused(firstLine, 'front matter is nested too deeply');
    throw error;
  }
}

/** Walks the tree as parsed, before anything is resolved: refuses what is dangerous, remembers what is no YAML. */
class Inspection {
  /** Offset of the first alias without an anchor or of the first repeated key. */
  fault: number | null = null;
  private aliases = 0;
  /** Anchor → how many aliases its node stands for. */
  private readonly weights = new Map<string, number>();

  constructor(private readonly lineOf: (offset: number) => number) {}

  visit(node: unknown): void {
    if (isPair(node)) {
      this.visit(node.key);
      this.visit(node.value);
      return;
    }
    if (isAlias(node)) {
      this.visitAlias(node.source, node.range?.[0] ?? 0);
      return;
    }
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return;
    const before = this.aliases;
    const offset = node.range?.[0] ?? 0;
    // A lone `!` is YAML's "no tag"; it turns up in shell lines.
    if (node.tag !== undefined && node.tag !== '!' && !CORE_TAGS.has(node.tag)) {
      throw new IdentityRefused(this.lineOf(offset), `custom tag "${node.tag.slice(0, 80)}"`);
    }
    if (isMap(node)) this.checkKeys(node.items);
    if (!isScalar(node)) for (const item of node.items) this.visit(item);
    if (node.anchor !== undefined) this.weights.set(node.anchor, this.aliases - before);
  }

  private visitAlias(source: string, offset: number): void {
    const weight = this.weights.get(source);
    if (weight === undefined) {
      this.fault ??= offset;
      return;
    }
    this.aliases += weight + 1;
    if (this.aliases > MAX_ALIAS_COUNT) {
      throw new IdentityRefused(
        this.lineOf(offset),
        `excessive aliases (more than ${MAX_ALIAS_COUNT} once followed)`,
      );
    }
  }

  private checkKeys(pairs: readonly { readonly key: unknown }[]): void {
    const seen = new Set<string>();
    for (const { key } of pairs) {
      if (!isScalar(key)) continue;
      const offset = key.range?.[0] ?? 0;
      const text = textOf(key);
      refuseForbiddenKey(text, this.lineOf(offset));
      if (seen.has(text)) this.fault ??= offset;
      seen.add(text);
    }
  }
}

class FieldCollector {
  private readonly fields = new Map<string, Field>();

  constructor(
    private readonly document: Document.Parsed,
    private readonly source: string,
    private readonly lineOf: (offset: number) => number,
  ) {}

  collect(): Fields {
    const root = this.document.contents;
    if (!isMap(root)) return this.fields;
    for (const { key, value } of root.items) {
      const name = isScalar(key) ? textOf(key) : '';
      const line = this.lineOf(key.range[0]);
      const shapes = blockShapes(name);
      if (shapes !== undefined) this.collectBlock(name, line, shapes, value);
      else this.add(name, line, topShape(name), value);
    }
    return this.fields;
  }

  private collectBlock(
    block: string,
    line: number,
    shapes: ReadonlyMap<string, Shape>,
    value: ParsedNode | null,
  ): void {
    const node = this.followed(value);
    if (node === null || (isScalar(node) && node.type === 'PLAIN' && textOf(node) === '')) return;
    if (!isMap(node)) {
      this.add(block, line, 'text', value);
      return;
    }
    for (const pair of node.items) {
      const name = isScalar(pair.key) ? textOf(pair.key) : '';
      const pairLine = isScalar(pair.key) ? this.lineOf(pair.key.range?.[0] ?? 0) : line;
      this.add(`${block}.${name}`, pairLine, shapes.get(name), pair.value);
    }
  }

  private add(path: string, line: number, shape: Shape | undefined, value: unknown): void {
    if (shape !== undefined) this.fields.set(path, { line, value: this.valueOf(value, shape) });
  }

  private valueOf(value: unknown, shape: Shape): FieldValue {
    const node = this.followed(value);
    if (node === null || node === undefined) return { kind: 'text', text: '' };
    if (isScalar(node)) return { kind: 'text', text: textOf(node) };
    if (isSeq(node) && shape === 'list') {
      const items = node.items.map((item) => this.followed(item));
      if (items.every(isScalar)) return { kind: 'list', items: items.map(textOf) };
    }
    const range = (isMap(node) || isSeq(node)) && node.flow === true ? node.range : null;
    return { kind: 'unreadable', raw: range ? this.source.slice(range[0], range[1]).trim() : '' };
  }

  private followed(value: unknown): unknown {
    return isAlias(value) ? value.resolve(this.document) : value;
  }
}

/** A scalar as it was written: `1.10` is a version, and no number may lose its zero before it is known to be one. */
function textOf(scalar: Scalar): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
}
