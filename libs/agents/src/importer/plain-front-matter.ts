import { blockShapes } from './fields.js';

const TOP_KEY = /^([A-Za-z][\w-]*):(?: (.+))?$/;
const CHILD_KEY = /^ {2}([A-Za-z][\w-]*):(?: (.+))?$/;
const TOP_ITEM = /^ {2}- (.+)$/;
const CHILD_ITEM = /^ {4}- (.+)$/;
const WORD = '[A-Za-z0-9][\\w./*+@()-]*';
const PLAIN_VALUE = new RegExp(`^(?:${WORD}(?: ${WORD})*|"[ !#-\\[\\]-~]*"|\\[\\])$`);
const FORBIDDEN_KEY = /^(?:constructor|prototype)$/;

/**
 * Whether front matter is of the plainest kind, which YAML and the line reader cannot read differently: two levels of
 * keys, lists of words or of quoted text without escapes, two columns an indent, nothing else. It costs far less than
 * YAML to read, and most of a large folder's valid files are of this kind; whatever else occurs goes to YAML.
 */
export function isPlainFrontMatter(lines: readonly string[]): boolean {
  const topKeys = new Set<string>();
  let childKeys = new Set<string>();
  /** What may stand two columns in: nothing, what comes first, or more of what came first. */
  let children: 'none' | 'any' | 'items' | 'keys' = 'none';
  let canHoldItems = false;
  let childItems = false;
  for (const line of lines) {
    if (/^ *$/.test(line)) continue;
    const top = TOP_KEY.exec(line);
    if (top !== null) {
      if (!isNewKey(top[1] ?? '', topKeys) || !isPlainValue(top[2])) return false;
      children = top[2] === undefined ? 'any' : 'none';
      canHoldItems = blockShapes(top[1] ?? '') === undefined;
      childItems = false;
      childKeys = new Set();
      continue;
    }
    const child = CHILD_KEY.exec(line);
    if (child !== null) {
      if (children !== 'any' && children !== 'keys') return false;
      if (!isNewKey(child[1] ?? '', childKeys) || !isPlainValue(child[2])) return false;
      children = 'keys';
      childItems = child[2] === undefined;
      continue;
    }
    const topItem = TOP_ITEM.exec(line);
    if (topItem !== null) {
      if (!canHoldItems || (children !== 'any' && children !== 'items') || !isPlainItem(topItem[1]))
        return false;
      children = 'items';
      continue;
    }
    if (!childItems || !isPlainItem(CHILD_ITEM.exec(line)?.[1])) return false;
  }
  return true;
}

function isNewKey(key: string, keys: Set<string>): boolean {
  if (keys.has(key) || FORBIDDEN_KEY.test(key)) return false;
  keys.add(key);
  return true;
}

function isPlainValue(value: string | undefined): boolean {
  return value === undefined || PLAIN_VALUE.test(value);
}

function isPlainItem(item: string | undefined): boolean {
  return item !== undefined && item !== '[]' && PLAIN_VALUE.test(item);
}
