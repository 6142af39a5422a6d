import { backoffMs } from './backoff.js';
import type { DeadLetter, Outcome, SeqRange, AuditSink } from './sink.js';

/** After so many dead letters in a row the next one pauses the sink instead: it is the receiver, and not a batch. */
export const MAX_DEAD_IN_ROW = 2;

/** What becomes of a sink by an attempt. */
export interface Step {
  readonly changes: Partial<AuditSink>;
  readonly deadLetter?: Pick<DeadLetter, 'fromSeq' | 'toSeq' | 'cause' | 'reason' | 'attempts'>;
}

const CLEAN = { pendingTo: null, failures: 0, failingSince: null, nextAttemptAt: 0 } as const;
/** As if it had never failed, at the place where it stands. */
export const FRESH = { ...CLEAN, deadInRow: 0 } as const satisfies Partial<AuditSink>;

/** What stands in the log is no longer what was to be delivered. */
export function afterRemoval(removed: SeqRange): Step {
  const reason = 'no longer in the log when it was its turn';
  return {
    changes: { ...CLEAN, deliveredTo: removed.toSeq },
    deadLetter: { fromSeq: removed.fromSeq, toSeq: removed.toSeq, cause: 'removed', reason, attempts: 0 },
  };
}

/**
 * @param random 0 to 1, for the pause before the next attempt.
 * @param retryForMs for how long a batch is tried, from its first failure on.
 */
export function afterAttempt(
  sink: AuditSink,
  { fromSeq, toSeq }: SeqRange,
  outcome: Outcome,
  { now, random, retryForMs }: { now: number; random: number; retryForMs: number },
): Step {
  if (outcome.kind === 'delivered')
    return { changes: { ...FRESH, deliveredTo: toSeq, lastError: null, lastDeliveredAt: now } };
  const lastError = outcome.reason;
  if (outcome.kind === 'gone') return { changes: { state: 'paused', lastError } };

  const [failures, failingSince] = [sink.failures + 1, sink.failingSince ?? now];
  if (outcome.kind === 'failed' && now - failingSince < retryForMs) {
    const nextAttemptAt = now + backoffMs(failures, random, outcome.retryAfterMs);
    return { changes: { failures, failingSince, nextAttemptAt, lastError } };
  }
  if (sink.deadInRow >= MAX_DEAD_IN_ROW)
    return { changes: { state: 'paused', failures, failingSince, lastError } };
  const cause = outcome.kind === 'refused' ? 'refused' : 'exhausted';
  return {
    changes: { ...CLEAN, deliveredTo: toSeq, deadInRow: sink.deadInRow + 1, lastError },
    deadLetter: { fromSeq, toSeq, cause, reason: lastError, attempts: failures },
  };
}
