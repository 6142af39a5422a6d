import type { AgentRights, BudgetStatus } from '#kernel';

export type Outcome = 'allowed' | 'denied' | 'requires_approval';

/** In the order they are taken; the first that denies ends the decision. */
export const STEPS = ['identity', 'tool', 'path', 'api', 'spawn', 'budget', 'approval'] as const;
export type Step = (typeof STEPS)[number];

/** Who wants to act. */
export interface Subject {
  readonly name: string;
  /** The registered role, or for an unregistered agent the one it gave; null where there is none. */
  readonly role: string | null;
  /** Null for an agent that is not registered. */
  readonly rights: AgentRights | null;
}

/** What it wants to do. Paths and commands as the client sent them. */
export interface ActionRequest {
  readonly toolName: string;
  readonly toolInput: Readonly<Record<string, unknown>> | null;
  /** Beside what the tool's input says. */
  readonly filePath: string | null;
  /** Where the client found that links lead. */
  readonly realPath: string | null;
  readonly command: string | null;
  /** What no tool's name says, such as `production_deploy`. */
  readonly operation: string | null;
  /** Absolute; resolves relative names. */
  readonly cwd: string | null;
  /** Absolute; scopes end here. */
  readonly root: string | null;
  readonly estimatedTokens: number | null;
  /** micro-USD. */
  readonly estimatedCostMicro: number | null;
}

/** What is left to spend; null where nothing limits it. */
export interface BudgetView {
  readonly remainingMicro: number | null;
  readonly remainingTokens: number | null;
  readonly status: BudgetStatus;
}

/** What one step found. */
export interface StepResult {
  readonly step: Step;
  readonly outcome: Outcome | 'skipped';
  /** The rule that decided, `tool.not_allowed`. */
  readonly rule: string;
  /** For people. */
  readonly reason: string;
  /** For a denial: the nearest thing that would have been allowed. */
  readonly nearest?: string;
  /** For an approval: who may give it. */
  readonly approvers?: readonly string[];
}

/** How a decision came out. */
export interface Verdict {
  readonly decision: Outcome;
  /** The step and rule that decided; for `allowed` the last step. */
  readonly step: Step;
  readonly rule: string;
  readonly reason: string;
  readonly nearest: string | null;
  /** Who may approve; null unless an approval is required. */
  readonly approvers: readonly string[] | null;
  /** What to know beside: `unregistered`, `opaque`, `interpreted`, `untrusted`. */
  readonly marks: readonly string[];
}
