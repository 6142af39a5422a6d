import { Clock } from '#kernel';
import { Injectable } from '@nestjs/common';
import type { CheckedDecision } from './checked-decision.js';

/** How long a decision stands, ms. */
export const DECISION_MS = 60_000;
const MAX = 20_000;

interface Recent {
  readonly hash: string;
  readonly expiresAt: number;
  readonly decision: Promise<CheckedDecision>;
}

/** The decisions of the last minute by tool use: one gets one answer, also while it is being made. */
@Injectable()
export class RecentDecisions {
  private readonly recent = new Map<string, Recent>();

  constructor(private readonly clock: Clock) {}

  /**
   * @param key of the tool use, with whoever asks and the agent.
   * @param hash of the request.
   * @returns null where the same tool use asked for something else.
   */
  once(key: string, hash: string, decide: () => Promise<CheckedDecision>): Promise<CheckedDecision> | null {
    const now = this.clock.now();
    const known = this.recent.get(key);
    if (known && known.expiresAt > now) return known.hash === hash ? known.decision : null;
    const decision = decide();
    this.forgetOld(now);
    const entry = { hash, expiresAt: now + DECISION_MS, decision };
    this.recent.delete(key);
    this.recent.set(key, entry);
    const forget = (): void => {
      if (this.recent.get(key) === entry) this.recent.delete(key);
    };
    // What waits for an approval is asked again, and a failure is no answer.
    decision.then((made) => made.verdict.decision === 'requires_approval' && forget(), forget);
    return decision;
  }

  /** Entries stand in the order they were made, so the old ones come first. */
  private forgetOld(now: number): void {
    for (const [key, { expiresAt }] of this.recent) {
      if (expiresAt > now && this.recent.size < MAX) break;
      this.recent.delete(key);
    }
  }
}
