import type { ActionReading } from './action-reading.js';
import type { BudgetView, Step, StepResult, Subject } from './decision.js';
import type { DecisionRules, OwnRules, RoleRules } from './decision-rules.js';

/** All that a step may ask. */
export interface Situation {
  readonly rules: DecisionRules;
  readonly subject: Subject;
  /** Null where the role is unknown, or not one that an unregistered agent may claim. */
  readonly role: RoleRules | null;
  readonly own: OwnRules | null;
  readonly action: ActionReading;
  readonly budget: BudgetView | null;
}

/** Null where the step finds nothing to say. */
export type StepFunction = (situation: Situation & { readonly role: RoleRules }) => StepResult | null;

export const denied = (step: Step, rule: string, reason: string, nearest?: string): StepResult => ({
  step,
  outcome: 'denied',
  rule,
  reason,
  ...(nearest === undefined ? {} : { nearest }),
});

export const approval = (
  rule: string,
  reason: string,
  approvers: readonly string[],
  step: Step = 'approval',
): StepResult => ({
  step,
  outcome: 'requires_approval',
  rule,
  reason,
  approvers,
});

export const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
