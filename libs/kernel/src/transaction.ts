import type { OperationContext } from './operation-context.js';

/** A batch of one kind of rows, written for all units of a commit group at once. */
export interface Sink<Row> {
  readonly name: string;
  /** Sinks flush in ascending order. The log is last: what other sinks compute may still be recorded. */
  readonly order: number;
  /** Writes `rows`, in the order given, inside the group's transaction. May add rows to sinks of higher order. */
  flush(tx: Transaction, rows: readonly Row[]): Promise<void>;
  /**
   * Writes and commits `rows` with one statement, outside any transaction, where a group has no others.
   * @returns false where they must be flushed; then nothing was written.
   */
  commitAlone?(tx: Transaction, rows: readonly Row[]): Promise<boolean>;
}

/** One unit of work inside a commit group. Persistence knows how to run SQL on it; nobody else needs to. */
export interface Transaction {
  /** Hands `row` to `sink`; it is written with the group's other rows just before the commit. */
  add<Row>(sink: Sink<Row>, row: Row): void;
  /** Runs `effect` once the commit is durable and before the caller is answered. Must not throw. */
  afterCommit(effect: () => void): void;
}

/** A context inside a transaction. */
export type TransactionContext = OperationContext & { readonly tx: Transaction };

/** The one way to change the store. */
export abstract class TransactionRunner {
  /**
   * Runs `work` under a savepoint of the next commit group and resolves after the commit is durable.
   * Where `ctx` has a transaction, `work` is a step of it: by itself, its rows written when it ends. What `work` throws
   * is thrown here, and leaves nothing.
   * @throws StoreUnavailable when the store cannot commit.
   */
  abstract run<T>(ctx: OperationContext, work: (ctx: TransactionContext) => Promise<T>): Promise<T>;

  /** The same for work that only adds rows to sinks: it needs no savepoint, so many share one statement. */
  abstract append<T>(ctx: OperationContext, work: (ctx: TransactionContext) => T): Promise<T>;
}
