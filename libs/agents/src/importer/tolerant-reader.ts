import { blockShapes, type Field, type Fields, refuseForbiddenKey, type Shape, topShape } from './fields.js';
import { readLineValue, withoutTag } from './line-values.js';

export interface TolerantReading {
  readonly fields: Fields;
  /** Known fields that occurred twice in their block; the first occurrence counts. */
  readonly repeated: readonly { readonly path: string; readonly line: number }[];
}

/** A known field whose value may go on in the lines below it. */
interface OpenField {
  readonly path: string;
  readonly line: number;
  readonly indent: number;
  readonly shape: Shape;
  readonly inline: string;
  readonly items: { readonly line: number; text: string }[];
  readonly more: string[];
  /** Set once something lies under the field that it cannot hold, such as a map under a list. */
  nested: boolean;
  /** A block scalar: its lines are text, whatever they look like. */
  literal: boolean;
}

const KEY = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([\w.-]+))\s*:(?:\s+(.*))?$/;
const FLOW_MAP_KEY = /[{,]\s*["']?([\w-]+)["']?\s*:/g;
const ITEM = /^-(?:\s+(.*))?$/;
const BLOCK_SCALAR = /^[|>][-+0-9]*\s*(?:#.*)?$/;

/**
 * Reads front matter that is not YAML, line by line: the known fields of the known blocks, and nothing else. A block
 * ends at the next line that is not indented, whatever that line is, so no field is ever taken from a neighbour.
 * @param firstLine 1-based line in the file of `lines[0]`
 * @throws IdentityRefused for a custom tag or a forbidden key anywhere outside quoted text and block scalars.
 */
export function readTolerantly(lines: readonly string[], firstLine: number): TolerantReading {
  const reader = new LineReader();
  lines.forEach((line, index) => reader.read(line, firstLine + index));
  return reader.finish();
}

class LineReader {
  private readonly fields = new Map<string, Field>();
  private readonly repeated: { path: string; line: number }[] = [];
  private block: { readonly name: string; readonly shapes: ReadonlyMap<string, Shape> } | null = null;
  private childIndent: number | null = null;
  private open: OpenField | null = null;
  /** Inside a block scalar: the indent of its key, and the field it belongs to if that is a known one. */
  private scalar: { readonly indent: number; readonly owner: OpenField | null } | null = null;

  read(line: string, number: number): void {
    const content = line.trim();
    const indent = indentOf(line);
    if (this.scalar !== null) {
      if (content === '' || indent > this.scalar.indent) {
        this.scalar.owner?.more.push(content);
        return;
      }
      this.scalar = null;
    }
    if (content === '' || content.startsWith('#')) return;
    const item = ITEM.exec(content);
    if (item !== null) this.readItem(item[1] ?? '', indent, number);
    else this.readLine(content, indent, number);
  }

  finish(): TolerantReading {
    this.close();
    return { fields: this.fields, repeated: this.repeated };
  }

  private readItem(text: string, indent: number, line: number): void {
    const key = KEY.exec(text);
    if (key !== null) refuseForbiddenKey(keyOf(key), line);
    refuseDanger(text, line);
    const isBlockScalar = BLOCK_SCALAR.test(text);
    const open = this.open;
    // The dash may stand under the first letter of its key, but not left of it.
    if (open !== null && indent >= open.indent && open.shape === 'list' && open.inline === '') {
      open.items.push({ line, text });
      if (key !== null || isBlockScalar || open.more.length > 0) open.nested = true;
    } else if (open !== null && indent > open.indent) {
      open.nested = true;
    } else {
      // Whose items these are cannot be known; the field above must not pass for an empty one.
      if (open !== null && open.shape === 'list' && open.inline === '') open.nested = true;
      this.close();
      if (indent === 0) this.block = null;
    }
    if (isBlockScalar) this.scalar = { indent, owner: null };
  }

  private readLine(content: string, indent: number, line: number): void {
    const key = KEY.exec(content);
    const name = key === null ? null : keyOf(key);
    const value = key === null ? content : (key[4] ?? '').trim();
    if (name !== null) refuseForbiddenKey(name, line);
    refuseDanger(value, line);

    if (this.open !== null && indent > this.open.indent) this.continueOpen(this.open, content, name !== null);
    else if (this.open !== null && isClosingBracket(this.open, content, indent)) {
      this.open.more.push(content);
      this.close();
    } else this.begin(name, value, indent, line);
    if (name === null || !BLOCK_SCALAR.test(value)) return;
    const owner = this.open?.line === line ? this.open : null;
    if (owner !== null) owner.literal = true;
    this.scalar = { indent, owner };
  }

  private begin(name: string | null, value: string, indent: number, line: number): void {
    this.close();
    if (indent === 0) {
      const shapes = name === null ? undefined : blockShapes(name);
      this.block = name === null || shapes === undefined ? null : { name, shapes };
      this.childIndent = null;
      if (name === null) return;
      // What stands behind the colon of a block is no block; the one who asks for it is to know.
      const shape =
        shapes === undefined ? topShape(name) : value === '' || value.startsWith('#') ? undefined : 'text';
      if (shape !== undefined) this.openField(name, shape, value, indent, line);
      return;
    }
    if (this.block === null || name === null) return;
    this.childIndent = Math.min(this.childIndent ?? indent, indent);
    if (indent > this.childIndent) return;
    const shape = this.block.shapes.get(name);
    if (shape !== undefined) this.openField(`${this.block.name}.${name}`, shape, value, indent, line);
  }

  private openField(path: string, shape: Shape, value: string, indent: number, line: number): void {
    const inline = value.startsWith('#') || BLOCK_SCALAR.test(value) ? '' : value;
    this.open = { path, line, indent, shape, inline, items: [], more: [], nested: false, literal: false };
  }

  private continueOpen(open: OpenField, content: string, isKey: boolean): void {
    const last = open.items.at(-1);
    if (isKey && !isFlowList(open)) open.nested = true;
    else if (last === undefined) open.more.push(content);
    else last.text = `${last.text} ${content}`;
  }

  private close(): void {
    const open = this.open;
    this.open = null;
    if (open === null) return;
    if (this.fields.has(open.path)) {
      this.repeated.push({ path: open.path, line: open.line });
      return;
    }
    this.fields.set(open.path, { line: open.line, value: valueOf(open) });
  }
}

function isFlowList(open: OpenField): boolean {
  return open.shape === 'list' && open.inline.startsWith('[');
}

/** The bracket of a flow list over several lines may stand under its key. */
function isClosingBracket(open: OpenField, content: string, indent: number): boolean {
  return indent === open.indent && content.startsWith(']') && isFlowList(open);
}

function refuseDanger(value: string, line: number): void {
  withoutTag(value, line);
  if (!/^[[{]/.test(value)) return;
  for (const match of value.matchAll(FLOW_MAP_KEY)) refuseForbiddenKey(match[1] ?? '', line);
}

function valueOf(open: OpenField): Field['value'] {
  if (open.nested) return { kind: 'unreadable', raw: '' };
  if (open.literal) return { kind: 'text', text: open.more.join('\n').trim() };
  if (open.items.length === 0) return readLineValue(inlineOf(open), open.shape, open.line);
  const items: string[] = [];
  for (const { text, line } of open.items) {
    const value = readLineValue(text, 'text', line);
    if (value.kind !== 'text') return { kind: 'unreadable', raw: text };
    items.push(value.text);
  }
  return { kind: 'list', items };
}

function inlineOf(open: OpenField): string {
  if (open.more.length === 0) return open.inline;
  const first = open.shape === 'list' ? open.inline.replace(/\s#.*$/, '') : open.inline;
  return [first, ...open.more].join(' ').trim();
}

function keyOf(key: RegExpExecArray): string {
  if (key[1] === undefined) return key[2] ?? key[3] ?? '';
  const value = readLineValue(`"${key[1]}"`, 'text', 0);
  return value.kind === 'text' ? value.text : key[1];
}

/** A tab counts as two columns, the width by which these files indent; YAML itself allows none. */
function indentOf(line: string): number {
  const space = /^[ \t]*/.exec(line)?.[0] ?? '';
  return space.length + (space.match(/\t/g)?.length ?? 0);
}
