import { Injectable } from '@nestjs/common';
import type { Page, PageOf } from '#contract';
import {
  AuditTrail,
  Clock,
  DomainError,
  newId,
  type OperationContext,
  type OperationType,
  type TransactionContext,
  TransactionRunner,
  ValidationFailed,
} from '#kernel';
import { DeadLettersRepository } from './dead-letters.repository.js';
import { MAX_SINKS, type AuditSink, type DeadLetter, type NewSink } from './sink.js';
import { toSinkEntry } from './sink-entry.js';
import { hashOf, SinkSecrets } from './sink-secrets.js';
import { SinkSourceRepository } from './sink-source.repository.js';
import { FRESH } from './sink-steps.js';
import { kindOf } from './sink-target.js';
import { SinksRepository, type SinkStanding } from './sinks.repository.js';

/** A sink with the secret that was just made for it; null for syslog. */
export interface CreatedSink {
  readonly standing: SinkStanding;
  readonly secret: string | null;
}

/** Makes, lists, pauses and removes sinks, and has dead letters tried again; each change leaves an entry. */
@Injectable()
export class SinksService {
  constructor(
    private readonly sinks: SinksRepository,
    private readonly letters: DeadLettersRepository,
    private readonly source: SinkSourceRepository,
    private readonly secrets: SinkSecrets,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError for a name that another has, and for one too many; ValidationFailed for a beginning to come. */
  create(ctx: OperationContext, { name, target, filter, fromSeq }: NewSink): Promise<CreatedSink> {
    return this.transactions.run(ctx, async (tx) => {
      if (await this.sinks.findByName(tx, name))
        throw new DomainError('SINK_NAME_TAKEN', `Another sink is called ${JSON.stringify(name)}.`);
      if ((await this.sinks.count(tx)) >= MAX_SINKS)
        throw new DomainError('TOO_MANY_SINKS', `There are ${MAX_SINKS} sinks already.`);
      const { size } = await this.source.standing(0);
      if (fromSeq !== null && fromSeq > size + 1)
        throw new ValidationFailed([
          { path: 'from_seq', message: `must not be beyond the log, ${size + 1}` },
        ]);
      const named = { sinkId: newId(), secretVersion: 1 };
      const secret = kindOf(target) === 'webhook' ? await this.secrets.secretOf(named) : null;
      const sink: AuditSink = {
        ...{ ...FRESH, ...named, name, target, filter, state: 'active' },
        ...{ deliveredTo: fromSeq === null ? size : fromSeq - 1, lastError: null, lastDeliveredAt: null },
        ...{ secretHash: secret && hashOf(secret), previousUntil: null, leaseOwner: null, leaseUntil: 0 },
        ...{ createdBy: tx.principal.id, createdAt: this.clock.now() },
      };
      await this.sinks.insert(tx, sink);
      this.trail.record(tx, toSinkEntry(tx, 'audit.sink_create', sink));
      return { standing: await this.get(tx, sink.sinkId), secret };
    });
  }

  /** Newest first. */
  list(page: Page): Promise<PageOf<SinkStanding>> {
    return this.sinks.findPage(page);
  }

  /** @throws DomainError `SINK_NOT_FOUND`. */
  async get(ctx: OperationContext, sinkId: string): Promise<SinkStanding> {
    const standing = await this.sinks.findStanding(ctx, sinkId);
    if (!standing) throw notFound();
    return standing;
  }

  /** What is under way is still delivered. @throws DomainError `SINK_NOT_FOUND`. */
  pause(ctx: OperationContext, sinkId: string): Promise<SinkStanding> {
    return this.change(ctx, sinkId, 'audit.sink_pause', ({ state }) =>
      state === 'paused' ? null : { state: 'paused' },
    );
  }

  /** Goes on where it stopped, at once and as if nothing had failed. @throws DomainError `SINK_NOT_FOUND`. */
  resume(ctx: OperationContext, sinkId: string): Promise<SinkStanding> {
    // The batch that is its turn stays what it is, so that receivers know it as a repeat.
    return this.change(ctx, sinkId, 'audit.sink_resume', ({ state, pendingTo }) =>
      state === 'active' ? null : { ...FRESH, pendingTo, state: 'active' },
    );
  }

  /**
   * Makes another secret; the one before signs too for a while.
   * @param graceMs milliseconds. @throws DomainError `SINK_NOT_FOUND`, and where it has none.
   */
  async rotateSecret(ctx: OperationContext, sinkId: string, graceMs: number): Promise<CreatedSink> {
    return this.transactions.run(ctx, async (tx) => {
      const sink = await this.find(tx, sinkId);
      if (sink.secretHash === null)
        throw new DomainError('SINK_HAS_NO_SECRET', 'Syslog is not signed, so there is no secret.');
      const secretVersion = sink.secretVersion + 1;
      const secret = await this.secrets.secretOf({ sinkId, secretVersion });
      const previousUntil = graceMs === 0 ? null : this.clock.now() + graceMs;
      const changes = { secretVersion, secretHash: hashOf(secret), previousUntil };
      await this.sinks.update(tx, sinkId, changes);
      this.trail.record(
        tx,
        toSinkEntry(tx, 'audit.sink_rotate', sink, { previous_secret_until: previousUntil }),
      );
      return { standing: await this.get(tx, sinkId), secret };
    });
  }

  /** With its dead letters. @throws DomainError `SINK_NOT_FOUND`. */
  remove(ctx: OperationContext, sinkId: string): Promise<void> {
    return this.transactions.run(ctx, async (tx) => {
      const sink = await this.find(tx, sinkId);
      await this.sinks.remove(tx, sinkId);
      this.trail.record(tx, toSinkEntry(tx, 'audit.sink_delete', sink));
    });
  }

  /** Newest first. @throws DomainError `SINK_NOT_FOUND`. */
  async deadLetters(ctx: OperationContext, sinkId: string, page: Page): Promise<PageOf<DeadLetter>> {
    await this.find(ctx, sinkId);
    return this.letters.findPage(sinkId, page);
  }

  /** Has a dead letter tried once more, when it is its turn. @throws DomainError where there is none. */
  redeliver(ctx: OperationContext, sinkId: string, deadLetterId: string): Promise<DeadLetter> {
    return this.transactions.run(ctx, async (tx) => {
      const sink = await this.find(tx, sinkId);
      const letter = await this.letters.findById(tx, sinkId, deadLetterId);
      if (!letter) throw new DomainError('DEAD_LETTER_NOT_FOUND', 'This sink has no dead letter of this id.');
      const queuedAt = letter.queuedAt ?? this.clock.now();
      await this.letters.update(tx, deadLetterId, { queuedAt });
      const { fromSeq, toSeq } = letter;
      const about = { dead_letter_id: deadLetterId, from_seq: fromSeq, to_seq: toSeq };
      this.trail.record(tx, toSinkEntry(tx, 'audit.sink_redeliver', sink, about));
      return { ...letter, queuedAt };
    });
  }

  /** Where there is something to change, changes it and says so in the log. */
  private change(
    ctx: OperationContext,
    sinkId: string,
    operationType: OperationType,
    changesOf: (sink: AuditSink) => Partial<AuditSink> | null,
  ): Promise<SinkStanding> {
    return this.transactions.run(ctx, async (tx: TransactionContext) => {
      const sink = await this.find(tx, sinkId);
      const changes = changesOf(sink);
      if (changes) {
        await this.sinks.update(tx, sinkId, changes);
        this.trail.record(tx, toSinkEntry(tx, operationType, sink));
      }
      return this.get(tx, sinkId);
    });
  }

  private async find(ctx: OperationContext, sinkId: string): Promise<AuditSink> {
    const sink = await this.sinks.findById(ctx, sinkId);
    if (!sink) throw notFound();
    return sink;
  }
}

function notFound(): DomainError {
  return new DomainError('SINK_NOT_FOUND', 'No sink has this id.');
}
