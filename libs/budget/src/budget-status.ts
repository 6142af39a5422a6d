import type { BudgetStatus } from '#kernel';
import type { BudgetRules, EscalationStepName } from '#rbac';

/** What happens to an agent on the way through a day's spending. */
export interface EscalationStep {
  readonly name: EscalationStepName;
  /** What the agent's status becomes; null where it is only told. */
  readonly status: BudgetStatus | null;
  /** The first amount of the day, micro-USD, that reaches the step. */
  readonly fromMicro: number;
  /** The limit that the step stands for, micro-USD. */
  readonly limitMicro: number;
}

/** The steps of an agent with a limit a day, the gravest last: of two that are reached it makes the status. */
function stepsOf(maxCostMicro: number, rules: BudgetRules): EscalationStep[] {
  const at = (
    name: EscalationStep['name'],
    status: BudgetStatus | null,
    limitMicro: number,
    fromMicro = limitMicro,
  ): EscalationStep => ({ name, status, limitMicro, fromMicro });
  return [
    at('notify', null, rules.notifyMicro),
    // Nobody has reached a share of next to nothing by spending nothing.
    at('soft_limit', 'soft_limit', Math.max(1, Math.round(maxCostMicro * rules.softLimit))),
    // A limit may be spent to its last micro-USD.
    at('exceeded', 'exceeded', maxCostMicro, maxCostMicro + 1),
    at('pause_and_approve', 'paused', rules.pauseMicro),
    at('terminate', 'terminated', rules.terminateMicro),
  ];
}

/** Where an account stands. Amounts in micro-USD; no limit, no worry. */
export function statusOf(costMicro: number, maxCostMicro: number | null, rules: BudgetRules): BudgetStatus {
  if (maxCostMicro === null) return 'ok';
  const reached = stepsOf(maxCostMicro, rules).filter((step) => step.fromMicro <= costMicro);
  return reached.findLast((step) => step.status !== null)?.status ?? 'ok';
}

/** The steps that a charge crosses, by the day's sums before and after it, micro-USD. */
export function stepsCrossed(
  beforeMicro: number,
  afterMicro: number,
  maxCostMicro: number,
  rules: BudgetRules,
): EscalationStep[] {
  return stepsOf(maxCostMicro, rules).filter(
    ({ fromMicro }) => beforeMicro < fromMicro && fromMicro <= afterMicro,
  );
}
