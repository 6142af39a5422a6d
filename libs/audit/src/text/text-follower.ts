import { Injectable } from '@nestjs/common';
import { EventBus, TransactionRunner } from '#kernel';
import { LogFollower } from '../log/log-follower.js';
import { AuditTextRepository } from './audit-text.repository.js';

/** How many entries one transaction takes. */
const SLICE = 400;

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

  /** Reading and splitting hold no lock. */
  protected async followOn(): Promise<boolean> {
    const next = await this.text.findNext(SLICE);
    if (next) await this.transactions.run(this.ctx, (tx) => this.text.add(tx, next));
    return next !== null && next.to - next.from === SLICE;
  }
}
