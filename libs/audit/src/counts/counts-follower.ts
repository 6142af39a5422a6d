import { Injectable } from '@nestjs/common';
import { EventBus, TransactionRunner } from '#kernel';
import { LogFollower } from '../log/log-follower.js';
import { AuditCountsRepository } from './audit-counts.repository.js';

/** Lets the counts follow the log. */
@Injectable()
export class CountsFollower extends LogFollower {
  protected readonly slice = 2_000;

  constructor(
    private readonly counts: AuditCountsRepository,
    private readonly transactions: TransactionRunner,
    events: EventBus,
  ) {
    super('audit counts', events);
  }

  protected async followOn(): Promise<boolean> {
    const counted = await this.transactions.run(this.ctx, (tx) => this.counts.followOn(tx, this.slice));
    return counted === this.slice;
  }
}
