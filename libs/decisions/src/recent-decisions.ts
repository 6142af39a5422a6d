import { Clock, type OperationContext, type Transaction } from '#kernel';
import { Injectable } from '@nestjs/common';
import type { CheckedDecision } from './checked-decision.js';

/** How long a decision stands, ms. */
export const DECISION_MS = 60_000;
const MAX = 20_000;

interface Asked {
  readonly hash: string;
  readonly decision: Promise<CheckedDecision>;
}

interface Recent extends Asked {
  readonly expiresAt: number;
  /** True once the decision is made and recorded. */
  stands: boolean;
}

/** The decisions of the last minute by tool use: one gets one answer, also while it is being made. */
@Injectable()
export class RecentDecisions {
  private readonly recent = new Map<string, Recent>();
  /** What was asked inside transactions that are not committed. */
  private readonly pending = new WeakMap<Transaction, Map<string, Asked>>();

  constructor(private readonly clock: Clock) {}

  /**
   * @param key of the tool use, with whoever asks and the agent.
   * @param hash of the request.
   * @returns null where the same tool use asked for something else.
   */
  once(
    { tx }: OperationContext,
    key: string,
    hash: string,
    decide: () => Promise<CheckedDecision>,
  ): Promise<CheckedDecision> | null {
    const known = this.find(key);
    if (known && known.hash !== hash) return null;
    if (tx) return known?.stands ? known.decision : this.onceWithin(tx, { key, hash, decide });
    if (known) return known.decision;
    const decision = decide();
    const entry = this.put(key, { hash, decision });
    const forget = (): void => {
      if (this.recent.get(key) === entry) this.recent.delete(key);
    };
    // What waits for an approval is asked again, and a failure is no answer.
    decision.then((made) => (stands(made) ? (entry.stands = true) : forget()), forget);
    return decision;
  }

  /**
   * A transaction holds the writer, so it waits for no decision that may wait for the writer; and what it decides is
   * nobody else's answer before it is committed.
   */
  private onceWithin(
    tx: Transaction,
    { key, hash, decide }: { key: string; hash: string; decide: () => Promise<CheckedDecision> },
  ): Promise<CheckedDecision> | null {
    const pending = this.pending.get(tx) ?? new Map<string, Asked>();
    this.pending.set(tx, pending);
    const known = pending.get(key);
    if (known) return known.hash === hash ? known.decision : null;
    const decision = decide().then((made) => {
      if (stands(made)) tx.afterCommit(() => (this.put(key, { hash, decision }).stands = true));
      else pending.delete(key);
      return made;
    });
    pending.set(key, { hash, decision });
    return decision;
  }

  private find(key: string): Recent | undefined {
    const known = this.recent.get(key);
    return known && known.expiresAt > this.clock.now() ? known : undefined;
  }

  private put(key: string, asked: Asked): Recent {
    const now = this.clock.now();
    this.forgetOld(now);
    const entry = { ...asked, expiresAt: now + DECISION_MS, stands: false };
    this.recent.delete(key);
    this.recent.set(key, entry);
    return entry;
  }

  /** Entries stand in the order they were made, so the old ones come first. */
  private forgetOld(now: number): void {
    for (const [key, { expiresAt }] of this.recent) {
      if (expiresAt > now && this.recent.size < MAX) break;
      this.recent.delete(key);
    }
  }
}

function stands({ verdict }: CheckedDecision): boolean {
  return verdict.decision !== 'requires_approval';
}
