import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  AuditTrail,
  Clock,
  newId,
  type OperationContext,
  systemContext,
  type TransactionContext,
  TransactionRunner,
} from '#kernel';
import { DeadLettersRepository } from './dead-letters.repository.js';
import type { AuditSink, DeadLetter } from './sink.js';
import { toSinkEntry } from './sink-entry.js';
import type { Step } from './sink-steps.js';
import { SinksRepository } from './sinks.repository.js';

/** Longer than an attempt takes, and for how long nobody goes on after a crash. Clocks may differ by the rest. */
export const LEASE_MS = 15_000;

/**
 * Writes how far a sink has come. The writer's lock makes each change one step among all processes, and the lease keeps all but
 * one from delivering; what was read before counts only where it is still so.
 */
@Injectable()
export class SinkProgress {
  /** This process, among those that share the store. */
  private readonly owner = randomBytes(16).toString('hex');
  private readonly ctx: OperationContext = systemContext('audit sinks');

  constructor(
    private readonly sinks: SinksRepository,
    private readonly letters: DeadLettersRepository,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * Keeps others from delivering for a while. @param place what is about to be delivered.
   * @returns the sink as it is now; null where it is no longer as it was, another's, or not due any more.
   */
  claim(
    sink: AuditSink,
    place: Partial<Pick<AuditSink, 'deliveredTo' | 'pendingTo'>>,
  ): Promise<AuditSink | null> {
    return this.change(sink, ({ nextAttemptAt }, now) =>
      nextAttemptAt > now
        ? null
        : { changes: { ...place, leaseOwner: this.owner, leaseUntil: now + LEASE_MS } },
    );
  }

  /** Writes what came of an attempt, and lets go of the sink. @returns as `claim`. */
  settle(sink: AuditSink, step: Step): Promise<AuditSink | null> {
    return this.change(sink, () => ({ ...step, changes: { ...step.changes, leaseOwner: null } }));
  }

  /** The same for a dead letter that was tried again. */
  settleLetter(
    sink: AuditSink,
    work: (tx: TransactionContext, now: number) => Promise<void>,
  ): Promise<AuditSink | null> {
    return this.change(
      sink,
      () => ({ changes: { leaseOwner: null } }),
      (tx) => work(tx, this.clock.now()),
    );
  }

  private change(
    { sinkId, deliveredTo, pendingTo }: AuditSink,
    stepOf: (current: AuditSink, now: number) => Step | null,
    also: (tx: TransactionContext) => Promise<void> = () => Promise.resolve(),
  ): Promise<AuditSink | null> {
    return this.transactions.run(this.ctx, async (tx) => {
      const now = this.clock.now();
      const current = await this.sinks.findById(tx, sinkId);
      const isOurs = current?.leaseOwner === this.owner;
      if (!current || !(isOurs || current.leaseOwner === null || current.leaseUntil <= now)) return null;
      if (current.deliveredTo !== deliveredTo || current.pendingTo !== pendingTo) return null;
      // What was under way when it was paused is still written.
      if (current.state === 'paused' && !isOurs) return null;
      const step = stepOf(current, now);
      if (!step) return null;
      const { changes, deadLetter } = step;
      await this.sinks.update(tx, sinkId, changes);
      if (deadLetter) await this.bury(tx, sinkId, deadLetter, now);
      await also(tx);
      const changed = { ...current, ...changes };
      if (changed.state === 'paused' && current.state === 'active')
        this.trail.record(tx, toSinkEntry(tx, 'audit.sink_pause', changed, { reason: changed.lastError }));
      return changed;
    });
  }

  private bury(
    tx: TransactionContext,
    sinkId: string,
    letter: NonNullable<Step['deadLetter']>,
    now: number,
  ): Promise<void> {
    const dead: DeadLetter = { ...letter, deadLetterId: newId(), sinkId, deadAt: now, queuedAt: null };
    return this.letters.insert(tx, dead);
  }
}
