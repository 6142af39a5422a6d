import type { AgentRef, BudgetSnapshot } from '#kernel';

/** What is to be set aside; amounts in the store's units. */
export interface ReservationDraft {
  readonly agent: AgentRef;
  /** Without secrets, in the form that is indexed. */
  readonly sessionId: string | null;
  /** The kinds of secrets that were masked. */
  readonly redacted: readonly string[] | undefined;
  readonly maxCostMicro: number;
  readonly maxTokens: number;
  readonly ttlMs: number;
}

export type ReservationRefusal = 'BUDGET_EXCEEDED' | 'TOO_MANY_RESERVATIONS';

/** What became of a draft: the reservation, or why there is none; and where the agent stands after it. */
export interface ReservationOutcome {
  readonly refusal: ReservationRefusal | null;
  readonly reservationId: string;
  /** Milliseconds UTC. */
  readonly expiresAt: number;
  readonly after: BudgetSnapshot;
}
