import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Clock, systemContext, TransactionRunner } from '#kernel';
import { EXPIRING, ExpiryRepository, type ExpiringTable } from './expiry.repository.js';
import { KEPT_MS } from './scope.js';

const EVERY_MS = 3_600_000;
/** How many rows one unit of work removes: other writers get their turn. */
const SLICE = 500;

/** Removes what counts as absent, once an hour. */
@Injectable()
export class IdempotencyExpiry implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(IdempotencyExpiry.name);
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly repository: ExpiryRepository,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void (this.sweeping = this.sweep()), EVERY_MS).unref();
  }

  /** Before the writer closes. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.closed = true;
    await this.sweeping;
  }

  /** Never rejects: what cannot be removed now is removed the next time. */
  async sweep(): Promise<void> {
    try {
      for (const table of Object.keys(EXPIRING) as ExpiringTable[]) await this.empty(table);
    } catch (error) {
      this.logger.warn(error, 'what is too old to be repeated could not be removed');
    }
  }

  private async empty(table: ExpiringTable): Promise<void> {
    const until = this.clock.now() - KEPT_MS;
    for (let old = SLICE; old === SLICE && !this.closed;) {
      old = await this.repository.count(table, until, SLICE);
      if (old === 0) return;
      await this.transactions.run(systemContext(), (tx) => this.repository.remove(tx, table, until, SLICE));
    }
  }
}
