import { Injectable } from '@nestjs/common';
import { EventBus, TransactionRunner } from '#kernel';
import { LogFollower } from '../log/log-follower.js';
import { AuditCountsRepository } from './audit-counts.repository.js';

/** How many entries one transaction takes. */
const SLICE = 2_000;

/** Lets the counts follow the log. */
@Injectable()
export class CountsFollower extends LogFollower {
  constructor(
    private readonly counts: AuditCountsRepository,
    private readonly transactions: TransactionRunner,
    events: EventBus,
  ) {
    super('audit counts', events);
  }

  protected async followOn(): Promise<boolean> {
    const counted = await this.transactions.run(this.ctx, (tx) => this.counts.followOn(tx, SLICE));
    return counted === SLICE;
  }
}
