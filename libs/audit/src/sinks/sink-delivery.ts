import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { Clock, newId } from '#kernel';
import { DeadLettersRepository } from './dead-letters.repository.js';
import type { AuditSink, DeadLetter } from './sink.js';
import { SinkProgress } from './sink-progress.js';
import { SinkSender } from './sink-sender.js';
import { type Part, SinkSource } from './sink-source.js';
import { afterAttempt, afterRemoval } from './sink-steps.js';

/** How often it is written that entries were not for a sink: how far a restart goes back, and what a list lags behind. */
const WRITE_PASSED_MS = 5_000;

/** Delivers to one sink at a time what it has not had, batch after batch, in the order of the log. */
@Injectable()
export class SinkDelivery {
  /** Up to where nothing is for a sink that is not yet written, and when that was written last. */
  private readonly passed = new Map<string, { to: number; writtenAt: number }>();

  constructor(
    private readonly source: SinkSource,
    private readonly progress: SinkProgress,
    private readonly letters: DeadLettersRepository,
    private readonly sender: SinkSender,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'sinkRetryForMs'>,
  ) {}

  /**
   * Goes on until there is nothing more, an attempt fails, or somebody else has the sink.
   * @param stopped breaks off what is under way.
   */
  async run(sink: AuditSink, stopped: AbortSignal): Promise<void> {
    let current: AuditSink | null = sink;
    while (current?.state === 'active' && current.nextAttemptAt <= this.clock.now() && !stopped.aborted) {
      const part = await this.nextPart(current);
      if (part) current = await this.take(current, part, stopped);
      else {
        // What is new goes before what was given up on.
        const written: AuditSink | null = await this.writePassed(current);
        const letter = written && (await this.letters.findQueued(written.sinkId));
        if (!letter) return;
        current = await this.tryAgain(written, letter, stopped);
      }
    }
  }

  private nextPart(sink: AuditSink): Promise<Part | null> {
    const { deliveredTo, pendingTo } = sink;
    if (pendingTo !== null) return this.source.next(sink, deliveredTo, pendingTo);
    return this.source.next(sink, Math.max(deliveredTo, this.passed.get(sink.sinkId)?.to ?? 0));
  }

  /** @returns the sink as it is then; null where it is another's now. */
  private async take(sink: AuditSink, part: Part, stopped: AbortSignal): Promise<AuditSink | null> {
    if (part.kind === 'nothing') return this.pass(sink, part.toSeq);
    if (part.kind === 'removed') return this.progress.settle(sink, afterRemoval(part));
    const held = await this.progress.claim(sink, { deliveredTo: part.fromSeq - 1, pendingTo: part.toSeq });
    if (!held) return null;
    const outcome = await this.sender.send(held, part, stopped);
    if (!outcome) return this.progress.settle(held, { changes: {} });
    const { sinkRetryForMs: retryForMs } = this.config;
    const now = this.clock.now();
    return this.progress.settle(
      held,
      afterAttempt(held, part, outcome, { now, random: Math.random(), retryForMs }),
    );
  }

  private async pass(sink: AuditSink, to: number): Promise<AuditSink | null> {
    if (sink.pendingTo !== null)
      return this.progress.settle(sink, { changes: { deliveredTo: to, pendingTo: null } });
    this.passed.set(sink.sinkId, { writtenAt: 0, ...this.passed.get(sink.sinkId), to });
    return this.writePassed(sink);
  }

  /** Not each time, since a log that grows all the time may hold nothing for a sink. */
  private async writePassed(sink: AuditSink): Promise<AuditSink | null> {
    const [now, passed] = [this.clock.now(), this.passed.get(sink.sinkId)];
    if (!passed || passed.to <= sink.deliveredTo || now - passed.writtenAt < WRITE_PASSED_MS) return sink;
    passed.writtenAt = now;
    return this.progress.settle(sink, { changes: { deliveredTo: passed.to } });
  }

  private async tryAgain(
    sink: AuditSink,
    letter: DeadLetter,
    stopped: AbortSignal,
  ): Promise<AuditSink | null> {
    const part = await this.source.next(sink, letter.fromSeq - 1, letter.toSeq);
    const held = await this.progress.claim(sink, {});
    if (!held) return null;
    const outcome = part?.kind === 'batch' ? await this.sender.send(held, part, stopped) : null;
    if (part?.kind === 'batch' && !outcome) return this.progress.settle(held, { changes: {} });
    const { deadLetterId } = letter;
    const to = Math.min(part?.toSeq ?? letter.toSeq, letter.toSeq);
    return this.progress.settleLetter(held, async (tx, deadAt) => {
      if (outcome && outcome.kind !== 'delivered') {
        const changes = { attempts: letter.attempts + 1, reason: outcome.reason, queuedAt: null };
        return this.letters.update(tx, deadLetterId, changes);
      }
      // What was told as gone once need not be told again.
      if (part?.kind === 'removed' && letter.cause !== 'removed') {
        const removed = { ...letter, ...afterRemoval({ ...part, toSeq: to }).deadLetter };
        await this.letters.insert(tx, { ...removed, deadLetterId: newId(), deadAt, queuedAt: null });
      }
      // Of a letter over several segments of the log, one goes at a time.
      if (to < letter.toSeq) await this.letters.update(tx, deadLetterId, { fromSeq: to + 1 });
      else await this.letters.remove(tx, deadLetterId);
    });
  }
}
