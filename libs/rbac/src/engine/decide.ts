import { type ActionReading, readAction } from './action-reading.js';
import type { ActionRequest, BudgetView, StepResult, Subject, Verdict } from './decision.js';
import type { DecisionRules } from './decision-rules.js';
import { withoutRole } from './identity-step.js';
import type { Situation } from './step.js';
import { passed, STEP_FUNCTIONS } from './steps.js';

/**
 * Decides. Pure: the same policy, agent, request and budget give the same verdict. The first step that denies ends it;
 * an approval is asked for only where no step denies, since nobody should approve what is denied anyway.
 */
export function decide(
  rules: DecisionRules,
  subject: Subject,
  request: ActionRequest,
  budget: BudgetView | null,
): Verdict {
  const situation = situationOf(rules, subject, readAction(rules, request), budget);
  let asked: StepResult | null = null;
  for (const result of results(situation)) {
    if (result?.outcome === 'denied') return toVerdict(result, situation);
    if (result?.outcome === 'requires_approval') asked ??= result;
  }
  return toVerdict(asked ?? ALLOWED, situation);
}

/** The same with what every step found, those after a denial too; for people who ask why. */
export function explain(
  rules: DecisionRules,
  subject: Subject,
  request: ActionRequest,
  budget: BudgetView | null,
): { readonly verdict: Verdict; readonly trace: readonly StepResult[] } {
  const situation = situationOf(rules, subject, readAction(rules, request), budget);
  const found = [...results(situation)];
  const trace = STEP_FUNCTIONS.map(([step], index): StepResult => {
    if (!situation.role && index > 0) {
      return { step, outcome: 'skipped', rule: `${step}.no_role`, reason: 'There is no role to ask.' };
    }
    return found[index] ?? passed(step);
  });
  const deciding =
    trace.find(({ outcome }) => outcome === 'denied') ??
    trace.find(({ outcome }) => outcome === 'requires_approval') ??
    ALLOWED;
  return { verdict: toVerdict(deciding, situation), trace };
}

const ALLOWED: StepResult = {
  step: 'approval',
  outcome: 'allowed',
  rule: 'allowed',
  reason: 'The policy allows it.',
};

function* results(situation: Situation): Generator<StepResult | null> {
  const { role } = situation;
  if (!role) {
    yield withoutRole(situation);
    return;
  }
  for (const [, find] of STEP_FUNCTIONS) yield find({ ...situation, role });
}

function situationOf(
  rules: DecisionRules,
  subject: Subject,
  action: ActionReading,
  budget: BudgetView | null,
): Situation {
  const claimable =
    subject.rights !== null || (subject.role !== null && rules.unregisteredRoles.has(subject.role));
  return {
    rules,
    subject,
    role: claimable && subject.role !== null ? (rules.roles.get(subject.role) ?? null) : null,
    own: subject.rights === null ? null : rules.rulesOf(subject.rights),
    action,
    budget,
  };
}

function toVerdict(result: StepResult, { subject, action }: Situation): Verdict {
  const { step, outcome, rule, reason, nearest, approvers } = result;
  const marks: string[] = [];
  if (subject.rights === null) marks.push('unregistered');
  else if (!subject.rights.trusted) marks.push('untrusted');
  for (const command of action.commands ?? []) {
    if ('refused' in command) continue;
    if (command.opaque !== null) marks.push('opaque');
    if (command.interpreted) marks.push('interpreted');
  }
  return {
    decision: outcome === 'skipped' ? 'allowed' : outcome,
    step,
    rule,
    reason,
    nearest: nearest ?? null,
    approvers: outcome === 'requires_approval' ? (approvers ?? []) : null,
    marks: [...new Set(marks)],
  };
}
