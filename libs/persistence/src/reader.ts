import type { EntityTarget, ObjectLiteral, Repository } from 'typeorm';
import { type Dialect, nameOf, type Queryable } from './sql.js';
import { toStoreError } from './store-errors.js';
import type { Store } from './store.js';

/**
 * How many reads may be with the database at once. On SQLite they share one connection, and each holds a thread of
 * libuv's four while it waits there for the ones before it: one thread must be left to the writer.
 */
const AT_ONCE: Readonly<Record<Dialect, number>> = { sqlite: 3, postgres: Infinity };

/** Reads committed data beside the writer, on connections that cannot write. */
export class Reader implements Queryable {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly store: Store) {}

  get dialect() {
    return this.store.dialect;
  }

  /** @throws StoreUnavailable when the database does not answer. */
  async query<Row = unknown>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    await this.enter();
    try {
      return await this.store.read<Row>(sql, parameters);
    } catch (error) {
      throw toStoreError(error);
    } finally {
      this.leave();
    }
  }

  /**
   * The rows of `SELECT columns rest`. On SQLite each comes as one JSON text: the driver makes every value of a row
   * a call into the engine, which for a page of wide rows costs three times as much as to parse it.
   * @param columns names, or expressions with `AS` and a name; of text and whole numbers, or `realColumn`.
   * @throws StoreUnavailable when the database does not answer.
   */
  async select<Row extends object>(
    columns: readonly string[],
    rest: string,
    parameters: readonly unknown[] = [],
  ): Promise<Row[]> {
    if (this.dialect === 'postgres') return this.query(`SELECT ${columns.join(', ')} ${rest}`, parameters);
    const names = columns.map(nameOf);
    const values = columns.map((column) => column.replace(/ AS \w+$/, '')).join(', ');
    const rows = await this.query<{ row: string }>(`SELECT json_array(${values}) AS row ${rest}`, parameters);
    return rows.map(({ row }) => {
      const members = JSON.parse(row) as unknown[];
      const result: Record<string, unknown> = {};
      for (let index = 0; index < names.length; index += 1) result[names[index] as string] = members[index];
      return result as Row;
    });
  }

  /** TypeORM's repository on a reading connection; for repositories only. */
  repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Repository<Entity> {
    return this.store.readSource.getRepository(entity);
  }

  private async enter(): Promise<void> {
    if (this.running < AT_ONCE[this.store.dialect]) this.running += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Whoever waits takes the place over. */
  private leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.running -= 1;
  }
}
