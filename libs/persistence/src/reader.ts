import type { EntityTarget, ObjectLiteral, Repository } from 'typeorm';
import type { OperationContext } from '#kernel';
import { type Dialect, type Selectable, selectRows } from './sql.js';
import { toStoreError } from './store-errors.js';
import { storeOf } from './store-transaction.js';
import type { Store } from './store.js';

/**
 * How many reads may be with the database at once. On SQLite they share one connection, and each holds a thread of
 * libuv's four while it waits there for the ones before it: one thread must be left to the writer.
 */
const AT_ONCE: Readonly<Record<Dialect, number>> = { sqlite: 3, postgres: Infinity };

/** Reads committed data beside the writer, on connections that cannot write. */
export class Reader implements Selectable {
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

  /** @throws StoreUnavailable when the database does not answer. */
  select<Row extends object>(
    columns: readonly string[],
    rest: string,
    parameters: readonly unknown[] = [],
  ): Promise<Row[]> {
    return selectRows(this, columns, rest, parameters);
  }

  /** What reads for `ctx`: inside a transaction that transaction, which alone sees what it has written. */
  within({ tx }: OperationContext): Selectable {
    return tx ? storeOf(tx) : this;
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
