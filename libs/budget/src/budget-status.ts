import type { BudgetStatus } from '#kernel';

/** The share of a day's budget at which an account is told to slow down. */
const SOFT_LIMIT = 0.8;

/** Where an account stands. Amounts in micro-USD; no limit, no worry. */
export function statusOf(costMicro: number, maxCostMicro: number | null): BudgetStatus {
  if (maxCostMicro === null) return 'ok';
  if (costMicro > maxCostMicro) return 'exceeded';
  return costMicro >= maxCostMicro * SOFT_LIMIT ? 'soft_limit' : 'ok';
}
