import { Injectable } from '@nestjs/common';
import { EventBus, TransactionRunner } from '#kernel';
import { LogFollower } from '../log/log-follower.js';
import { AuditTextRepository } from './audit-text.repository.js';

/** How many entries one transaction takes, so that nothing waits long behind it … */
const SLICE = 400;
/** … and how many once so many are left: more than come with one commit of batches, or the index would fall behind. */
const MOST = 3_000;

/** Lets the index of words follow the log. */
@Injectable()
export class TextFollower extends LogFollower {
  constructor(
    private readonly text: AuditTextRepository,
    private readonly transactions: TransactionRunner,
    events: EventBus,
  ) {
    super('audit text', events);
  }

  /** The last entry whose words are found. */
  indexed(): Promise<number> {
    return this.text.mark();
  }

  /** Reading and splitting hold no lock. */
  protected async followOn(): Promise<boolean> {
    const slice = (await this.text.behind()) < MOST ? SLICE : MOST;
    const next = await this.text.findNext(slice);
    if (next) await this.transactions.run(this.ctx, (tx) => this.text.add(tx, next));
    return next !== null && next.to - next.from === slice;
  }
}
