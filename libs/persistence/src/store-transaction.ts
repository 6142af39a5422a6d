import type { EntityManager } from 'typeorm';
import type { Sink, Transaction, TransactionContext } from '#kernel';
import { type Dialect, type Selectable, selectRows } from './sql.js';
import { toStoreError } from './store-errors.js';
import type { Execute, WriteConnection } from './store.js';

/** One unit's part of a commit group: SQL under its savepoint, rows for the sinks, effects after the commit. */
export class StoreTransaction implements Transaction, Selectable {
  private readonly rows = new Map<Sink<unknown>, unknown[]>();
  private readonly effects: (() => void)[] = [];
  private over = false;
  /** Settled when no step is under way. */
  private steps: Promise<unknown> | null = null;

  /** @param unit of which it is a step. */
  constructor(
    private readonly connection: WriteConnection,
    private readonly unit: StoreTransaction | null = null,
  ) {}

  get dialect(): Dialect {
    return this.connection.dialect;
  }

  /** TypeORM's manager on this transaction, for repositories. `save` opens transactions of its own: do not use it. */
  get manager(): EntityManager {
    this.refuseWhenOver();
    return this.connection.runner.manager;
  }

  async query<Row = unknown>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    this.refuseWhenOver();
    return this.connection.execute<Row>(sql, parameters);
  }

  select<Row extends object>(
    columns: readonly string[],
    rest: string,
    parameters: readonly unknown[] = [],
  ): Promise<Row[]> {
    return selectRows(this, columns, rest, parameters);
  }

  /** Runs an UPDATE or DELETE. @returns how many rows it has changed. */
  async change(sql: string, parameters: readonly unknown[]): Promise<number> {
    const answer = await this.query(`${sql} RETURNING 1 AS changed`, parameters);
    // TypeORM answers these on PostgreSQL with the rows and their number.
    return Array.isArray(answer[0]) ? answer[0].length : answer.length;
  }

  add<Row>(sink: Sink<Row>, row: Row): void {
    this.refuseWhenOver();
    const key = sink as Sink<unknown>;
    const rows = this.rows.get(key);
    if (rows) rows.push(row);
    else this.rows.set(key, [row]);
  }

  afterCommit(effect: () => void): void {
    this.refuseWhenOver();
    this.effects.push(effect);
  }

  /**
   * Runs a part of the unit like a unit of its own: steps come one after another, what a step recorded has its place when
   * it ends, and one that fails leaves nothing.
   */
  step<T>(work: (step: StoreTransaction) => T | Promise<T>): Promise<T> {
    const before = this.steps ?? Promise.resolve();
    const step = before.then(() => this.runStep(work));
    this.steps = step.catch(() => undefined);
    return step;
  }

  /** Work that its unit did not wait for must not write into what comes after it. */
  end(): void {
    this.over = true;
  }

  /** @returns what `work` does, once the steps that it did not wait for have broken off. */
  async untilEnd<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.end();
      await this.steps;
    }
  }

  /** Takes over what a unit that went well left to do. */
  absorb(unit: StoreTransaction): void {
    for (const [sink, rows] of unit.rows) for (const row of rows) this.add(sink, row);
    this.effects.push(...unit.effects);
  }

  /** Writes all rows, sink by sink in ascending order; a flush may feed sinks of higher order. */
  async flush(): Promise<void> {
    while (this.rows.size > 0) {
      const [sink] = [...this.rows.keys()].sort((a, b) => a.order - b.order);
      if (!sink) return;
      const rows = this.rows.get(sink) ?? [];
      this.rows.delete(sink);
      await sink.flush(this, rows);
    }
  }

  /** Commits by itself what needs no transaction around it. @returns false where that cannot be; nothing was written. */
  async commitAlone(): Promise<boolean> {
    const [[sink, rows] = [], ...others] = this.rows;
    if (!sink?.commitAlone || !rows || others.length > 0) return false;
    return sink.commitAlone(this, rows);
  }

  /** The commit is durable whatever an effect does: one that throws is told to `failed` and harms no other. */
  runEffects(failed: (error: unknown) => void): void {
    for (const effect of this.effects) {
      try {
        effect();
      } catch (error) {
        failed(error);
      }
    }
  }

  private async runStep<T>(work: (step: StoreTransaction) => T | Promise<T>): Promise<T> {
    this.refuseWhenOver();
    const step = new StoreTransaction(this.connection, this);
    try {
      const result = await underSavepoint(this.connection.execute, 'step', () =>
        step.untilEnd(async () => {
          const value = await work(step);
          await step.flush();
          return value;
        }),
      );
      this.absorb(step);
      return result;
    } catch (error) {
      throw toStoreError(error instanceof BrokenTransaction ? error.cause : error);
    }
  }

  private get isOver(): boolean {
    return this.over || this.unit?.isOver === true;
  }

  private refuseWhenOver(): void {
    if (this.isOver) throw new Error('this unit of work has ended');
  }
}

/** Work failed and could not be undone by itself: the connection or the whole transaction is gone. */
export class BrokenTransaction extends Error {
  constructor(cause: unknown) {
    super('the transaction is broken', { cause });
  }
}

/** Runs `work` so that nothing of it is left where it throws. @throws BrokenTransaction where that cannot be. */
export async function underSavepoint<T>(
  execute: Execute,
  name: string,
  work: () => T | Promise<T>,
): Promise<T> {
  await execute(`SAVEPOINT ${name}`);
  try {
    const result = await work();
    await execute(`RELEASE SAVEPOINT ${name}`);
    return result;
  } catch (error) {
    try {
      await execute(`ROLLBACK TO SAVEPOINT ${name}`);
      await execute(`RELEASE SAVEPOINT ${name}`);
    } catch {
      throw new BrokenTransaction(error);
    }
    throw error;
  }
}

/** The store's side of a transaction, for repositories and sinks. */
export function storeOf(tx: Transaction | TransactionContext): StoreTransaction {
  const transaction = 'tx' in tx ? tx.tx : tx;
  if (!(transaction instanceof StoreTransaction)) throw new TypeError('not a transaction of this store');
  return transaction;
}
