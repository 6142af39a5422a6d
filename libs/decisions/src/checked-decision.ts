import type { ApprovalAnswer } from '#kernel';
import type { BudgetView, Verdict } from '#rbac';

/** A decision that was made and recorded. */
export interface CheckedDecision {
  /** The id of its entry in the log. */
  readonly decisionId: string;
  readonly verdict: Verdict;
  readonly policyVersion: string;
  /** The approval that it takes or took. */
  readonly approval: ApprovalAnswer | null;
  readonly approvers: readonly string[];
  readonly budget: BudgetView | null;
  /** Milliseconds UTC. */
  readonly expiresAt: number;
}
