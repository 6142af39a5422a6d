import type { EntityManager } from 'typeorm';
import type { Sink, Transaction, TransactionContext } from '#kernel';
import type { Dialect, Queryable } from './sql.js';
import type { WriteConnection } from './store.js';

/** One unit's part of a commit group: SQL under its savepoint, rows for the sinks, effects after the commit. */
export class StoreTransaction implements Transaction, Queryable {
  private readonly rows = new Map<Sink<unknown>, unknown[]>();
  private readonly effects: (() => void)[] = [];
  private over = false;

  constructor(private readonly connection: WriteConnection) {}

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

  /** Work that its unit did not wait for must not write into what comes after it. */
  end(): void {
    this.over = true;
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

  private refuseWhenOver(): void {
    if (this.over) throw new Error('this unit of work has ended');
  }
}

/** The store's side of a transaction, for repositories and sinks. */
export function storeOf(tx: Transaction | TransactionContext): StoreTransaction {
  const transaction = 'tx' in tx ? tx.tx : tx;
  if (!(transaction instanceof StoreTransaction)) throw new TypeError('not a transaction of this store');
  return transaction;
}
