import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { EventBus, systemContext, TransactionRunner } from '#kernel';
import { AuditCountsRepository } from './audit-counts.repository.js';

/** How long entries may gather before they are counted: an answer reads those one by one. */
const PAUSE_MS = 300;
/** How many are counted in one transaction, so that nothing waits long behind it. */
const SLICE = 2_000;

/** Lets the counts follow the log after its commits, so that what is recorded does not wait for them. */
@Injectable()
export class CountsFollower implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(CountsFollower.name);
  private readonly ctx = systemContext('audit counts');
  private unsubscribe = (): void => undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly counts: AuditCountsRepository,
    private readonly transactions: TransactionRunner,
    private readonly events: EventBus,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe(() => this.wake());
    this.wake();
  }

  /** Before the writer closes. */
  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    this.unsubscribe();
    clearTimeout(this.timer);
    await this.running;
  }

  /** Counts all that the log holds. Never rejects: what cannot be counted now is counted later. */
  async catchUp(): Promise<void> {
    try {
      let counted = SLICE;
      while (counted === SLICE && !this.closed) {
        counted = await this.transactions.run(this.ctx, (tx) => this.counts.followOn(tx, SLICE));
      }
    } catch (error) {
      this.logger.warn(error, 'the log could not be counted');
    }
  }

  private wake(): void {
    if (this.closed) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.running = this.running.then(() => this.catchUp());
    }, PAUSE_MS).unref();
  }
}
