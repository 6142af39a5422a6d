import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock, systemContext, TransactionRunner } from '#kernel';
import { Store } from '#persistence';
import { AuditTextRepository } from '../text/audit-text.repository.js';
import { ErasureRepository } from './erasure.repository.js';

/** How often it is tried to empty the write-ahead log, between two reads of others, and how long after one another, ms. */
const TRIES = 100;
const PAUSE_MS = 50;

/** Takes what was erased out of the file of the store, too: words of the index, and the write-ahead log. */
@Injectable()
export class Overwriting {
  private readonly ctx = systemContext('audit erase');
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly repository: ErasureRepository,
    private readonly text: AuditTextRepository,
    private readonly transactions: TransactionRunner,
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  /**
   * Works off the erasures that are left, after what runs already.
   * @returns false where others kept the write-ahead log busy; the erasures are left then.
   * @throws the reason of `signal` once it is aborted, between two parts.
   */
  run(signal?: AbortSignal): Promise<boolean> {
    const run = this.running.then(() => this.workOff(signal));
    this.running = run.catch(() => undefined);
    return run;
  }

  private async workOff(signal: AbortSignal | undefined): Promise<boolean> {
    const left = await this.repository.findLeft();
    if (left.length === 0) return true;
    for (let first = true, more = true; more; first = false) {
      signal?.throwIfAborted();
      const compacted = await this.transactions.run(this.ctx, (tx) => this.text.compact(tx, first));
      more = compacted || first;
    }
    if (!(await this.emptied(signal))) return false;
    await this.transactions.run(this.ctx, (tx) =>
      this.repository.noteOverwritten(tx, left, this.clock.now()),
    );
    return true;
  }

  private async emptied(signal: AbortSignal | undefined): Promise<boolean> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      signal?.throwIfAborted();
      if (await this.store.emptyWal()) return true;
      await wait(PAUSE_MS);
    }
    return false;
  }
}
