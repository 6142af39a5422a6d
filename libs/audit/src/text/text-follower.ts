import { Injectable } from '@nestjs/common';
import { EventBus, type RecordedEvent, type TransactionContext, TransactionRunner } from '#kernel';
import { EntryFollower } from '../log/entry-follower.js';
import { FollowedLog } from '../log/followed-log.js';
import { AuditTextRepository, type EntryWords } from './audit-text.repository.js';
import { wordsOf } from './words.js';

/** Lets the index of words follow the log. */
@Injectable()
export class TextFollower extends EntryFollower<EntryWords> {
  constructor(
    private readonly text: AuditTextRepository,
    log: FollowedLog,
    transactions: TransactionRunner,
    events: EventBus,
  ) {
    super('text', log, transactions, events);
  }

  /** The last entry whose words are found. */
  async indexed(): Promise<number> {
    return (await this.log.progressOf('text')).mark;
  }

  protected read({ seq, operationDetail, targetResource, rbacReason }: RecordedEvent): EntryWords {
    return [seq, [...wordsOf([operationDetail, targetResource, rbacReason].join(' '))].join(' ')];
  }

  protected write(ctx: TransactionContext, entries: readonly EntryWords[]): Promise<void> {
    return this.text.add(
      ctx,
      entries.filter(([, words]) => words !== ''),
    );
  }
}
