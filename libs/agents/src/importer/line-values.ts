import { type FieldValue, IdentityRefused, type Shape } from './fields.js';

const CORE_TAG = /^!!(?:str|int|float|bool|null|map|seq)(?:\s+|$)/;
const FLOW_COLLECTION = /^(?:\[.*\]|\{.*\})$/;
const CUSTOM_TAG = /^![\w!<]/;

/**
 * One value as it stands behind a `key:` or a `- `, read without YAML: quotes, comments outside them, and flow lists.
 * @param raw the rest of the line
 * @param line 1-based line in the file
 * @throws IdentityRefused for a custom tag.
 */
export function readLineValue(raw: string, shape: Shape, line: number): FieldValue {
  const value = withoutTag(raw.trim(), line);
  if (shape === 'list' && value.startsWith('[')) return readFlowList(value, line);
  if (shape === 'list' && value.startsWith('{')) return { kind: 'unreadable', raw: value };
  const scalar = readScalar(value);
  // A whole flow list or map is no text; `{src,lib}/**` is a glob.
  return /^[[{]/.test(value) && scalar.kind === 'text' && FLOW_COLLECTION.test(scalar.text)
    ? { kind: 'unreadable', raw: scalar.text }
    : scalar;
}

/** @throws IdentityRefused if the value carries a tag outside the core schema. */
export function withoutTag(value: string, line: number): string {
  if (CORE_TAG.test(value)) return value.replace(CORE_TAG, '');
  if (CUSTOM_TAG.test(value)) {
    throw new IdentityRefused(line, `custom tag "${(value.split(/\s/)[0] ?? '').slice(0, 80)}"`);
  }
  return value;
}

/** Splits at commas outside quotes, brackets, braces and parentheses: `Bash(git log, git diff)` is one tool. */
export function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  scan(text, (char, index, depth) => {
    if (char === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
    return false;
  });
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}

function readFlowList(value: string, line: number): FieldValue {
  const close = findClose(value);
  const rest = value.slice(close + 1);
  if (close === -1 || !isComment(rest)) return { kind: 'unreadable', raw: value };
  const inner = value.slice(1, close).trim();
  if (inner === '') return { kind: 'list', items: [] };
  const parts = splitAtCommas(inner);
  // A comma before the bracket ends the last item, it does not begin an empty one.
  if (parts.length > 1 && parts.at(-1) === '') parts.pop();
  const items: string[] = [];
  for (const part of parts) {
    const item = /^[[{]/.test(part) ? null : readScalar(withoutTag(part, line));
    if (item?.kind !== 'text') return { kind: 'unreadable', raw: value };
    items.push(item.text);
  }
  return { kind: 'list', items };
}

function readScalar(value: string): FieldValue {
  const quote = value[0];
  if (quote !== '"' && quote !== "'") return { kind: 'text', text: withoutComment(value) };
  const end = endOfQuoted(value, 0);
  if (end !== -1 && isComment(value.slice(end + 1))) {
    return { kind: 'text', text: unquote(value.slice(1, end), quote) };
  }
  const raw = withoutComment(value);
  return { kind: 'unreadable', raw: raw.length > 1 && raw.endsWith(quote) ? raw.slice(1, -1) : raw };
}

function unquote(inner: string, quote: string): string {
  if (quote === "'") return inner.replaceAll("''", "'");
  try {
    const text: unknown = JSON.parse(`"${inner.replaceAll('\t', '\\t')}"`);
    return typeof text === 'string' ? text : inner;
  } catch {
    // An escape that JSON does not know: the text as written says more than none.
    return inner;
  }
}

function withoutComment(value: string): string {
  if (value.startsWith('#')) return '';
  const comment = /\s#/.exec(value);
  return (comment === null ? value : value.slice(0, comment.index)).trim();
}

function isComment(rest: string): boolean {
  return rest.trim() === '' || /^\s+#/.test(rest);
}

function findClose(value: string): number {
  let close = -1;
  scan(value, (char, index, depth) => {
    if (char !== ']' || depth !== 0) return false;
    close = index;
    return true;
  });
  return close;
}

/** The index of the closing quote of the text quoted from `start` on, or -1. */
function endOfQuoted(text: string, start: number): number {
  const quote = text[start];
  for (let index = start + 1; index < text.length; index += 1) {
    if (quote === '"' && text[index] === '\\') index += 1;
    else if (text[index] === quote) {
      if (quote === '"' || text[index + 1] !== "'") return index;
      index += 1;
    }
  }
  return -1;
}

/**
 * Calls `visit` for each character outside quotes with the depth of brackets after it, until it answers true.
 * Quotes count at the start of an item only: `don't` opens none.
 */
function scan(text: string, visit: (char: string, index: number, depth: number) => boolean): void {
  let depth = 0;
  let atStart = true;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] ?? '';
    if (atStart && (char === '"' || char === "'")) {
      const end = endOfQuoted(text, index);
      if (end !== -1) {
        index = end;
        atStart = false;
        continue;
      }
    }
    if ('[{('.includes(char)) depth += 1;
    else if (']})'.includes(char)) depth = Math.max(0, depth - 1);
    if (visit(char, index, depth)) return;
    if (char.trim() !== '') atStart = ',[{'.includes(char);
  }
}
