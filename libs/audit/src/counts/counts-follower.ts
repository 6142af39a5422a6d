import { Injectable } from '@nestjs/common';
import { EventBus, type RecordedEvent, type TransactionContext, TransactionRunner } from '#kernel';
import { EntryFollower } from '../log/entry-follower.js';
import { FollowedLog } from '../log/followed-log.js';
import { AuditCountsRepository } from './audit-counts.repository.js';

/** Lets the counts follow the log. */
@Injectable()
export class CountsFollower extends EntryFollower<RecordedEvent> {
  constructor(
    private readonly counts: AuditCountsRepository,
    log: FollowedLog,
    transactions: TransactionRunner,
    events: EventBus,
  ) {
    super('counts', log, transactions, events);
  }

  protected read(entry: RecordedEvent): RecordedEvent {
    return entry;
  }

  protected write(ctx: TransactionContext, entries: readonly RecordedEvent[]): Promise<void> {
    return this.counts.add(ctx, entries);
  }
}
