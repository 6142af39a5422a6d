import type { DatabaseUrl } from '#config';

export type Dialect = DatabaseUrl['dialect'];

/** Something SQL can be run on. Placeholders are `?` on both dialects; amounts come back as numbers. */
export interface Queryable {
  query<Row = unknown>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** The same, of a database whose dialect matters to what is run. */
export interface DialectQueryable extends Queryable {
  readonly dialect: Dialect;
}

/** Something whose rows can be read by the page. */
export interface Selectable extends DialectQueryable {
  /**
   * The rows of `SELECT columns rest`. Each comes as one JSON text: the driver of SQLite makes every value of a row
   * a call into the engine, which for a page of wide rows costs three times as much as to parse it.
   * @param columns names, or expressions with `AS` and a name; of text and whole numbers, or `realColumn`.
   */
  select<Row extends object>(
    columns: readonly string[],
    rest: string,
    parameters?: readonly unknown[],
  ): Promise<Row[]>;
}

/** Turns `?` into the placeholders of the dialect. The SQL must hold no `?` of its own. */
export function placeholders(dialect: Dialect, sql: string): string {
  if (dialect === 'sqlite') return sql;
  let index = 0;
  return sql.replace(/\?/g, () => `$${++index}`);
}

/** Below PostgreSQL's bound of 65,535 variables a statement. */
const MAX_PARAMETERS = 32_000;

/**
 * Inserts `rows` (each an array in the order of `columns`, of text, whole numbers and null) in as few statements as the
 * database takes.
 * @param suffix what follows the values, such as an `ON CONFLICT` clause.
 */
export async function insertRows(
  db: DialectQueryable,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  suffix = '',
): Promise<void> {
  if (rows.length === 0) return;
  const into = `INSERT INTO ${table} (${columns.join(',')})`;
  if (db.dialect === 'sqlite') {
    // Without WHERE, ON CONFLICT would be read as a join's.
    await db.query(`${into} ${selectFromJson('?', columns.length)} WHERE true ${suffix}`, [
      JSON.stringify(rows),
    ]);
    return;
  }
  const perStatement = Math.floor(MAX_PARAMETERS / columns.length);
  const tuple = `(${columns.map(() => '?').join(',')})`;
  for (let from = 0; from < rows.length; from += perStatement) {
    const part = rows.slice(from, from + perStatement);
    const values = new Array(part.length).fill(tuple).join(',');
    await db.query(`${into} VALUES ${values} ${suffix}`, part.flat());
  }
}

/**
 * Rows out of a JSON text of arrays, on SQLite: its driver binds value by value on the main thread, which for wide rows
 * costs more there than to write and send the text, and one text serves any number of rows with one prepared statement.
 * `jsonb_each` takes the text apart once, where `json_each` does so for every value.
 * @param json an expression. @param columns how many a row has.
 */
export function selectFromJson(json: string, columns: number): string {
  const values = Array.from({ length: columns }, (_, index) => `value ->> ${index}`);
  return `SELECT ${values.join(', ')} FROM jsonb_each(${json})`;
}

/** `?,?,?` for an `IN (…)` of `count` values. */
export function marks(count: number): string {
  return new Array(count).fill('?').join(',');
}

/** Is in a JSON list of texts, by which PostgreSQL looks rows up one by one if it is an array. */
export const IN_JSON: Readonly<Record<Dialect, string>> = {
  sqlite: 'IN (SELECT value FROM json_each(?))',
  postgres: '= ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(? AS jsonb))))',
};

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

/** A column of floating-point numbers for `Selectable.select`, with all their digits: SQLite's JSON has 15 of them. */
export function realColumn(dialect: Dialect, column: string): string {
  return dialect === 'sqlite' ? `json(format('%!.17g', ${column})) AS ${nameOf(column)}` : column;
}

const JSON_ARRAY: Readonly<Record<Dialect, (values: string) => string>> = {
  sqlite: (values) => `json_array(${values})`,
  postgres: (values) => `CAST(json_build_array(${values}) AS TEXT)`,
};

/** The rows of `SELECT columns rest`, each the text of a JSON array. */
export async function selectTexts(
  db: DialectQueryable,
  columns: readonly string[],
  rest: string,
  parameters: readonly unknown[],
): Promise<string[]> {
  const values = columns.map((column) => column.replace(/ AS \w+$/, '')).join(', ');
  const rows = await db.query<{ row: string }>(
    `SELECT ${JSON_ARRAY[db.dialect](values)} AS row ${rest}`,
    parameters,
  );
  return rows.map(({ row }) => row);
}

/** Makes rows of such texts. */
export function rowReader(columns: readonly string[]): (text: string) => object {
  const names = columns.map(nameOf);
  return (text) => {
    const values = JSON.parse(text) as unknown[];
    const row: Record<string, unknown> = {};
    for (let index = 0; index < names.length; index += 1) row[names[index] as string] = values[index];
    return row;
  };
}

/** As {@link Selectable} has it. */
export async function selectRows<Row extends object>(
  db: DialectQueryable,
  columns: readonly string[],
  rest: string,
  parameters: readonly unknown[],
): Promise<Row[]> {
  return (await selectTexts(db, columns, rest, parameters)).map(rowReader(columns)) as Row[];
}
