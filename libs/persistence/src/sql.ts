import type { DatabaseUrl } from '#config';

export type Dialect = DatabaseUrl['dialect'];

/** Something SQL can be run on. Placeholders are `?` on both dialects; amounts come back as numbers. */
export interface Queryable {
  query<Row = unknown>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** Turns `?` into the placeholders of the dialect. The SQL must hold no `?` of its own. */
export function placeholders(dialect: Dialect, sql: string): string {
  if (dialect === 'sqlite') return sql;
  let index = 0;
  return sql.replace(/\?/g, () => `$${++index}`);
}

/** Below SQLite's bound of 32,766 variables a statement, and PostgreSQL's of 65,535. */
const MAX_PARAMETERS = 32_000;

/**
 * Inserts `rows` (each an array in the order of `columns`) in as few statements as the databases take.
 * @param suffix what follows the values, such as an `ON CONFLICT` clause.
 */
export async function insertRows(
  db: Queryable,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  suffix = '',
): Promise<void> {
  const perStatement = Math.floor(MAX_PARAMETERS / columns.length);
  const tuple = `(${columns.map(() => '?').join(',')})`;
  for (let from = 0; from < rows.length; from += perStatement) {
    const part = rows.slice(from, from + perStatement);
    const values = new Array(part.length).fill(tuple).join(',');
    await db.query(`INSERT INTO ${table} (${columns.join(',')}) VALUES ${values} ${suffix}`, part.flat());
  }
}

/** `?,?,?` for an `IN (…)` of `count` values. */
export function marks(count: number): string {
  return new Array(count).fill('?').join(',');
}

/** Conditions joined by AND, with their parameters; an empty list is always true. */
export class Where {
  private readonly conditions: string[] = [];
  readonly parameters: unknown[] = [];

  /** Adds `condition` unless its value is null or undefined. */
  and(condition: string, value: unknown): this {
    if (value === null || value === undefined) return this;
    this.conditions.push(condition);
    this.parameters.push(value);
    return this;
  }

  /** Adds `condition`, which has a placeholder for each of `values`, unless there are none. */
  andAll(condition: string, values: readonly unknown[] | undefined): this {
    if (values === undefined) return this;
    this.conditions.push(condition);
    this.parameters.push(...values);
    return this;
  }

  get sql(): string {
    return this.conditions.length === 0 ? '' : `WHERE ${this.conditions.join(' AND ')}`;
  }
}

/** What a selected column is called: what stands after `AS`, or the name without its table. */
export function nameOf(column: string): string {
  return /(\w+)$/.exec(column)?.[1] ?? column;
}

/** A column of floating-point numbers for `Reader.select`, with all their digits: SQLite's JSON has 15 of them. */
export function realColumn(dialect: Dialect, column: string): string {
  return dialect === 'sqlite' ? `json(format('%!.17g', ${column})) AS ${nameOf(column)}` : column;
}
