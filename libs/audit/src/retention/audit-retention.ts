import { setTimeout as rest } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { formatTime } from '#contract';
import { AuditTrail, type OperationContext, TransactionRunner } from '#kernel';
import { AuditCountsRepository } from '../counts/audit-counts.repository.js';
import { RetentionRepository } from './retention.repository.js';

/** So many times as long as a segment took, those who record have the store to themselves before the next: also from another process. */
const REST_FACTOR = 3;

/** What a run has removed. */
export interface Removal {
  readonly entries: number;
  /** The first and the last of them; null where there were none. */
  readonly fromSeq: number | null;
  readonly toSeq: number | null;
  /** Segments that were old enough and stay, since something in them is under a hold. */
  readonly heldSegments: number;
}

export interface RemovalOptions {
  /** Breaks off between two segments. */
  readonly signal?: AbortSignal;
  /** Says what would go, and removes nothing. */
  readonly dryRun?: boolean;
  /** Told after each segment. */
  readonly onProgress?: (removed: number) => void;
}

/** Lets entries go that are older than they must be kept. Every checkpoint stays provable: their leaf hashes remain. */
@Injectable()
export class AuditRetention {
  constructor(
    private readonly repository: RetentionRepository,
    private readonly counts: AuditCountsRepository,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * Removes the segments that are wholly older than `time`, one in each unit of work, and leaves an entry that says so.
   * @param time milliseconds UTC.
   * @throws the reason of `signal` once it is aborted; what had gone by then is said in the log all the same.
   */
  async removeBefore(ctx: OperationContext, time: number, options: RemovalOptions = {}): Promise<Removal> {
    let removal: Removal = { entries: 0, fromSeq: null, toSeq: null, heldSegments: 0 };
    try {
      for (let after = 0; ;) {
        options.signal?.throwIfAborted();
        const segment = await this.repository.findSegment(after);
        if (!segment || !segment.settled || segment.newest >= time) break;
        after = segment.to;
        if (segment.held) removal = { ...removal, heldSegments: removal.heldSegments + 1 };
        // None where another process was first, or it has come under a hold meanwhile.
        const begun = performance.now();
        const gone = segment.held ? 0 : await this.remove(ctx, segment, options.dryRun ?? false);
        if (gone > 0) {
          const { entries, fromSeq } = removal;
          removal = {
            ...removal,
            entries: entries + gone,
            fromSeq: fromSeq ?? segment.from,
            toSeq: segment.to,
          };
        }
        options.onProgress?.(removal.entries);
        if (gone > 0 && !options.dryRun)
          await pause((performance.now() - begun) * REST_FACTOR, options.signal);
      }
    } finally {
      if (removal.entries > 0 && !options.dryRun) await this.tell(ctx, time, removal);
    }
    return removal;
  }

  private remove(
    ctx: OperationContext,
    segment: Parameters<RetentionRepository['remove']>[1],
    dryRun: boolean,
  ): Promise<number> {
    if (dryRun) return Promise.resolve(segment.to - segment.from + 1);
    return this.transactions.run(ctx, (tx) => this.repository.remove(tx, segment));
  }

  private async tell(ctx: OperationContext, time: number, removal: Removal): Promise<void> {
    const { entries, fromSeq, toSeq, heldSegments } = removal;
    await this.transactions.run(ctx, async (tx) => {
      await this.counts.clearUp(tx);
      this.trail.record(tx, {
        agent: { agentId: 'system', name: 'system', role: 'admin' },
        operationType: 'audit.retention',
        decision: 'allowed',
        source: 'decided',
        context: JSON.stringify({
          ...{ older_than: formatTime(time), entries, from_seq: fromSeq, to_seq: toSeq },
          held_segments: heldSegments,
        }),
      });
    });
  }
}

/** Ends early where `signal` is aborted: whoever waits looks at it next. */
async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await rest(ms, undefined, signal && { signal }).catch(() => undefined);
}
