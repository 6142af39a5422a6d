import { marks } from '#persistence';

/** With three values each, below SQLite's bound of 32,766 variables a statement. */
const MAX_NAMED = 10_000;

/** `items`, so many at a time as one statement may name. */
export function* inStatements<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += MAX_NAMED) yield items.slice(from, from + MAX_NAMED);
}

/** `(a, b) IN (VALUES (?,?),(?,?))` for `count` rows; on both databases each is found by an index that begins so. */
export function isNamed(columns: readonly string[], count: number): string {
  const row = `(${marks(columns.length)})`;
  return `(${columns.join(', ')}) IN (VALUES ${new Array(count).fill(row).join(',')})`;
}
