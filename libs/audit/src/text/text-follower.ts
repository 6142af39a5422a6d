import { Injectable } from '@nestjs/common';
import { EventBus, TransactionRunner } from '#kernel';
import { LogFollower } from '../log/log-follower.js';
import { AuditTextRepository } from './audit-text.repository.js';

/** Lets the index of words follow the log. */
@Injectable()
export class TextFollower extends LogFollower {
  protected readonly slice = 400;

  constructor(
    private readonly text: AuditTextRepository,
    private readonly transactions: TransactionRunner,
    events: EventBus,
  ) {
    super('audit text', events);
  }

  /** Reading and splitting hold no lock. */
  protected async followOn(): Promise<boolean> {
    const next = await this.text.findNext(this.slice);
    if (next) await this.transactions.run(this.ctx, (tx) => this.text.add(tx, next));
    return next !== null && next.to - next.from === this.slice;
  }
}
