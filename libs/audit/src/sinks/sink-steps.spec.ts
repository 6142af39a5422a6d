import { describe, expect, it } from '@jest/globals';
import type { AuditSink, Outcome } from './sink.js';
import { afterAttempt, afterRemoval, FRESH, MAX_DEAD_IN_ROW } from './sink-steps.js';

const NOW = 1_000_000;
const HOUR = 3_600_000;
const BATCH = { fromSeq: 11, toSeq: 20 };
const aSink = (changes: Partial<AuditSink> = {}): AuditSink => ({
  ...{ ...FRESH, sinkId: 's', name: 'siem', target: 'https://a/', state: 'active', deliveredTo: 10 },
  filter: { agentId: null, operationTypes: null, decisions: null, source: null },
  ...{ pendingTo: 20, lastError: null, lastDeliveredAt: null, secretVersion: 1, secretHash: 'h' },
  ...{ previousUntil: null, leaseOwner: 'o', leaseUntil: 0, createdBy: 'admin', createdAt: 0 },
  ...changes,
});
const after = (sink: AuditSink, outcome: Outcome, now = NOW) =>
  afterAttempt(sink, BATCH, outcome, { now, random: 0.5, retryForMs: 24 * HOUR });
const failed = { kind: 'failed', reason: 'answered 503' } as const;
const refused = { kind: 'refused', reason: 'answered 413' } as const;

describe('what becomes of a sink', () => {
  it('whose batch was delivered: it goes on behind it, as if nothing had failed', () => {
    const sink = aSink({ failures: 3, failingSince: 1, nextAttemptAt: 5, lastError: 'x', deadInRow: 2 });
    expect(after(sink, { kind: 'delivered' })).toEqual({
      changes: { ...FRESH, deliveredTo: 20, lastError: null, lastDeliveredAt: NOW },
    });
  });

  it('whose batch failed: it stays where it is and waits longer each time', () => {
    const first = after(aSink(), failed);
    expect(first).toEqual({
      changes: { failures: 1, failingSince: NOW, nextAttemptAt: NOW + 500, lastError: 'answered 503' },
    });
    const second = after(aSink(first.changes), failed, NOW + 500);
    expect(second.changes).toMatchObject({ failures: 2, failingSince: NOW, nextAttemptAt: NOW + 1_500 });
    const asked = after(aSink(), { ...failed, retryAfterMs: 60_000 });
    expect(asked.changes.nextAttemptAt).toBe(NOW + 60_000);
  });

  it('whose batch failed for too long: it becomes a dead letter', () => {
    const sink = aSink({ failures: 400, failingSince: NOW - 24 * HOUR + 1 });
    expect(after(sink, failed).deadLetter).toBeUndefined();
    expect(after(sink, failed, NOW + 1)).toEqual({
      changes: expect.objectContaining({ deliveredTo: 20, pendingTo: null, failures: 0, deadInRow: 1 }),
      deadLetter: { ...BATCH, cause: 'exhausted', reason: 'answered 503', attempts: 401 },
    });
  });

  it('whose batch was refused: it becomes a dead letter at once', () => {
    expect(after(aSink(), refused).deadLetter).toMatchObject({ cause: 'refused', attempts: 1 });
  });

  it('that would have too many dead letters in a row: it pauses in front of the batch', () => {
    const sink = aSink({ deadInRow: MAX_DEAD_IN_ROW });
    const { changes, deadLetter } = after(sink, refused);
    expect([changes.state, changes.deliveredTo, deadLetter]).toEqual(['paused', undefined, undefined]);
  });

  it('whose receiver is gone: it pauses in front of the batch', () => {
    expect(after(aSink(), { kind: 'gone', reason: 'answered 410' })).toEqual({
      changes: { state: 'paused', lastError: 'answered 410' },
    });
  });

  it('whose entries are no longer in the log: they are a dead letter, and it goes on behind them', () => {
    expect(afterRemoval(BATCH)).toMatchObject({
      changes: { deliveredTo: 20, pendingTo: null },
      deadLetter: { ...BATCH, cause: 'removed', attempts: 0 },
    });
  });
});
