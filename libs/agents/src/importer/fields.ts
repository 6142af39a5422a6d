/**
 * What both readers of front matter hand over: the few fields the importer knows, as text, with their lines.
 * Text keeps its spelling (`version: 1.10` stays `1.10`); the meaning is given to it in one later place.
 */
export type FieldValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  /** Something is there, but not in a shape this field can have; `raw` is its text, as far as it is one line. */
  | { readonly kind: 'unreadable'; readonly raw: string };

export interface Field {
  /** 1-based line in the file. */
  readonly line: number;
  readonly value: FieldValue;
}

/** Path → field: `name`, `x-category`, `identity.role`, `x-rbac.allowed_tools` … */
export type Fields = ReadonlyMap<string, Field>;

/** The file must not be taken as an agent; `line` is 1-based. */
export class IdentityRefused extends Error {
  constructor(
    readonly line: number,
    reason: string,
  ) {
    super(reason);
    this.name = 'IdentityRefused';
  }
}

export type Shape = 'text' | 'list';

const TOP_FIELDS: ReadonlyMap<string, Shape> = new Map([
  ['name', 'text'],
  ['description', 'text'],
  ['capabilities', 'list'],
  ['tools', 'list'],
  ['allowed-tools', 'list'],
  ['disallowedTools', 'list'],
  ['disallowed-tools', 'list'],
  ['x-capabilities', 'list'],
  ['x-category', 'text'],
  ['x-specialist', 'text'],
  ['x-version', 'text'],
  ['x-tags', 'list'],
]);

const BLOCK_FIELDS: ReadonlyMap<string, ReadonlyMap<string, Shape>> = new Map([
  [
    'identity',
    new Map<string, Shape>([
      ['agent_id', 'text'],
      ['role', 'text'],
      ['role_confidence', 'text'],
      ['role_reasoning', 'text'],
    ]),
  ],
  [
    'rbac',
    new Map<string, Shape>([
      ['allowed_tools', 'list'],
      ['denied_tools', 'list'],
      ['path_scopes', 'list'],
      ['api_access', 'list'],
      ['requires_approval', 'text'],
      ['approval_threshold', 'text'],
    ]),
  ],
  [
    'budget',
    new Map<string, Shape>([
      ['max_tokens_per_session', 'text'],
      ['max_cost_per_day', 'text'],
      ['currency', 'text'],
    ]),
  ],
  [
    'metadata',
    new Map<string, Shape>([
      ['category', 'text'],
      ['specialist', 'text'],
      ['version', 'text'],
      ['tags', 'list'],
    ]),
  ],
]);

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const ABSENT_TEXTS: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL', 'undefined']);

/** The shape of a field outside the blocks; undefined for one the importer does not know. */
export function topShape(key: string): Shape | undefined {
  return TOP_FIELDS.get(key);
}

/** The fields of a block (`rbac` or, in the second generation, `x-rbac`); undefined if it is none. */
export function blockShapes(key: string): ReadonlyMap<string, Shape> | undefined {
  return BLOCK_FIELDS.get(key.startsWith('x-') ? key.slice(2) : key);
}

/** @throws IdentityRefused for the keys through which a prototype could be reached. */
export function refuseForbiddenKey(key: string, line: number): void {
  if (FORBIDDEN_KEYS.has(key)) throw new IdentityRefused(line, `key "${key}" is not allowed`);
}

/** Whether a scalar says that there is no value: nothing, `~`, `null` or `undefined`. */
export function isAbsentText(text: string): boolean {
  return ABSENT_TEXTS.has(text.trim());
}

function isAbsent({ value }: Field): boolean {
  if (value.kind === 'text') return isAbsentText(value.text);
  // `[]` says "none", whereas a list holding only `-` says nothing.
  return value.kind === 'list' && value.items.length > 0 && value.items.every(isAbsentText);
}

/** The first of the paths that holds a value, or null. */
export function firstPresent(fields: Fields, ...paths: readonly string[]): Field | null {
  for (const path of paths) {
    const field = fields.get(path);
    if (field !== undefined && !isAbsent(field)) return field;
  }
  return null;
}

/** A block's field, from the plain block or else from the prefixed one. */
export function inBlock(fields: Fields, block: string, key: string): Field | null {
  return firstPresent(fields, `${block}.${key}`, `x-${block}.${key}`);
}
