import { Logger } from '@nestjs/common';
import { type OperationContext, StoreUnavailable, type TransactionContext, TransactionRunner } from '#kernel';
import { BEGIN } from './dialect.js';
import { BrokenTransaction, StoreTransaction, storeOf, underSavepoint } from './store-transaction.js';
import { toStoreError } from './store-errors.js';
import type { Execute, Store } from './store.js';

/** How many units share one commit at the most. */
const GROUP_MAX = 1_000;
/** How much of what others leave of the queue one kind of work, such as the calls of one route, may take: some stays. */
const SHARE = 0.75;

/** A caller's work on its way to a commit. */
interface Unit {
  readonly ctx: OperationContext;
  readonly work: (ctx: TransactionContext) => unknown;
  /** False for appends, which run no SQL before the flush and so need no savepoint. */
  readonly isolated: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The single writer of this process. Whatever waits while a commit runs shares the next one: units run one
 * after another, the rows they add are written as few multi-row statements, and one COMMIT makes all durable.
 * A unit that fails takes nothing of the others with it. `work` may be run a second time, after a rollback.
 */
export class Writer extends TransactionRunner {
  private readonly logger = new Logger(Writer.name);
  private queue: Unit[] = [];
  private running: Promise<void> | null = null;
  private closed = false;
  /** How many wait, by route. */
  private readonly waiting = new Map<string | null, number>();

  /** @param queueMax how many may wait; beyond it the caller is told to come back, so that memory stays bounded. */
  constructor(
    private readonly store: Store,
    private readonly queueMax: number,
  ) {
    super();
  }

  run<T>(ctx: OperationContext, work: (ctx: TransactionContext) => Promise<T>): Promise<T> {
    if (ctx.tx) return storeOf(ctx.tx).step((tx) => work({ ...ctx, tx }));
    return this.enqueue(ctx, work, true) as Promise<T>;
  }

  async append<T>(ctx: OperationContext, work: (ctx: TransactionContext) => T): Promise<T> {
    if (ctx.tx) return storeOf(ctx.tx).step((tx) => work({ ...ctx, tx }));
    return (await this.enqueue(ctx, work, false)) as T;
  }

  /** Commits what waits, then refuses new work. */
  async close(): Promise<void> {
    this.closed = true;
    await this.running;
    await this.store.release();
  }

  private enqueue(ctx: OperationContext, work: Unit['work'], isolated: boolean): Promise<unknown> {
    const waiting = this.waiting.get(ctx.route) ?? 0;
    const left = this.queueMax - (this.queue.length - waiting);
    const full = waiting >= left * SHARE;
    if (this.closed || full) {
      const why = this.closed ? 'the writer is closed' : 'the write queue is full';
      return Promise.reject(new StoreUnavailable(new Error(why)));
    }
    this.waiting.set(ctx.route, waiting + 1);
    return new Promise((resolve, reject) => {
      this.queue.push({ ctx, work, isolated, resolve, reject });
      this.running ??= this.drain();
    });
  }

  private async drain(): Promise<void> {
    // One turn of the event loop lets requests that arrived together share the first commit.
    await new Promise(setImmediate);
    while (this.queue.length > 0) {
      const units = this.queue.splice(0, GROUP_MAX);
      for (const { ctx } of units) this.waiting.set(ctx.route, (this.waiting.get(ctx.route) ?? 1) - 1);
      await this.commit(units);
    }
    this.running = null;
  }

  /** Commits units together, or where that fails each alone. @returns why the store cannot be written, if so. */
  private async commit(units: readonly Unit[]): Promise<StoreUnavailable | null> {
    const failure = await this.tryCommit(units);
    if (!failure) return null;
    const reason = toStoreError(failure.error);
    const gone = reason instanceof StoreUnavailable ? reason : null;
    if (units.length === 1 || failure.duringCommit || gone) {
      for (const unit of units) unit.reject(reason);
      return gone;
    }
    let unavailable: StoreUnavailable | null = null;
    for (const unit of units) {
      if (unavailable) unit.reject(unavailable);
      else unavailable = await this.commit([unit]);
    }
    return unavailable;
  }

  /** @returns what kept the whole group from committing; then none of its units has been answered. */
  private async tryCommit(units: readonly Unit[]): Promise<{ error: unknown; duringCommit: boolean } | null> {
    const connection = this.store.writeConnection();
    const { runner, execute } = connection;
    const at = { begun: false, commit: false };
    const begin = async (): Promise<void> => {
      at.begun = true;
      for (const statement of BEGIN[this.store.dialect]) await execute(statement);
    };
    try {
      // Appends run no SQL of their own, so they need no transaction yet, and perhaps none.
      if (units.some(({ isolated }) => isolated)) await begin();
      const group = new StoreTransaction(connection);
      const answers: (() => void)[] = [];
      for (const unit of units) {
        const part = new StoreTransaction(connection);
        try {
          const result = await this.runUnit(execute, part, unit);
          group.absorb(part);
          answers.push(() => unit.resolve(result));
        } catch (error) {
          if (error instanceof BrokenTransaction) throw error.cause;
          answers.push(() => unit.reject(toStoreError(error)));
        } finally {
          part.end();
        }
      }
      // A statement by itself is its own commit.
      at.commit = !at.begun;
      if (at.begun || !(await group.commitAlone())) {
        at.commit = false;
        if (!at.begun) await begin();
        await group.flush();
        at.commit = true;
        await execute('COMMIT');
      }
      group.runEffects((error) => this.logger.error(error, 'an effect of a commit failed'));
      for (const answer of answers) answer();
      return null;
    } catch (error) {
      if (at.begun) await execute('ROLLBACK').catch(() => undefined);
      return { error, duringCommit: at.commit };
    } finally {
      await runner.release().catch(() => undefined);
    }
  }

  private async runUnit(execute: Execute, part: StoreTransaction, unit: Unit): Promise<unknown> {
    const ctx: TransactionContext = { ...unit.ctx, tx: part };
    if (!unit.isolated) return unit.work(ctx);
    return underSavepoint(execute, 'unit', () => part.untilEnd(() => unit.work(ctx)));
  }
}
