import { LIMITS } from './limits.js';

/**
 * The canonical JSON text of a value (RFC 8785): members by code unit, no blanks. Undefined members are left out.
 * @throws RangeError for a value that nests deeper than `LIMITS.depth`.
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (value === null || typeof value !== 'object')
    return value === undefined ? 'null' : JSON.stringify(value);
  if (depth >= LIMITS.depth) throw new RangeError(`nests deeper than ${LIMITS.depth} levels`);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member, depth + 1)}`);
  return `{${members.join(',')}}`;
}
