import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Clock, systemContext, TransactionRunner } from '#kernel';
import { ApiKeysRepository } from './api-keys.repository.js';

const FLUSH_MS = 60_000;

/**
 * When each key was used last: noted in memory, which costs a request nothing, and written once a minute and at the
 * end. It is a hint for those who clear up keys and no change to a key, so it leaves no entry.
 */
@Injectable()
export class KeyUsage implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(KeyUsage.name);
  /** Milliseconds UTC, by the key's id; what is not written yet. */
  private lastUsed = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Before the writer closes. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  note(keyId: string): void {
    this.lastUsed.set(keyId, this.clock.now());
  }

  /** Never rejects: what cannot be written now is kept for the next time. */
  async flush(): Promise<void> {
    if (this.lastUsed.size === 0) return;
    const noted = this.lastUsed;
    this.lastUsed = new Map();
    try {
      await this.transactions.run(systemContext(), (tx) => this.keys.noteUse(tx, noted));
    } catch (error) {
      this.lastUsed = new Map([...noted, ...this.lastUsed]);
      this.logger.warn(error, 'when keys were used could not be written');
    }
  }
}
