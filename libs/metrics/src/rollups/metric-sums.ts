/** Sums over metrics; a mean is a sum over the count of rows that hold the value. */
export interface MetricSums {
  metrics: number;
  succeeded: number;
  failed: number;
  execution_time_us: number;
  execution_time_rows: number;
  quality_nano: number;
  quality_rows: number;
  cost_micro: number;
  tokens_used: number;
  tasks_completed: number;
  tasks_failed: number;
}

export interface UsageSums {
  api_calls: number;
  code_violations: number;
}

/** What is summed over an agent's life. */
export const LIFE_SUMS = [
  'metrics',
  'succeeded',
  'failed',
  'execution_time_us',
  'execution_time_rows',
  'quality_nano',
  'quality_rows',
  'cost_micro',
  'tokens_used',
  'tasks_completed',
  'tasks_failed',
] as const satisfies readonly (keyof MetricSums)[];

/** What is summed in a period. */
export const PERIOD_SUMS = [...LIFE_SUMS, 'api_calls', 'code_violations'] as const satisfies readonly (
  keyof MetricSums | keyof UsageSums
)[];

/** The values of one metric that are summed; amounts in the store's units. */
export interface Measured {
  readonly success: boolean | null;
  readonly executionTimeUs: number | null;
  readonly qualityNano: number | null;
  readonly costMicro: number | null;
  readonly tokensUsed: number | null;
  readonly tasksCompleted: number | null;
  readonly tasksFailed: number | null;
  readonly apiCalls: number | null;
  readonly codeViolations: number | null;
}

/** What one metric adds, in the order of {@link PERIOD_SUMS}. */
export function contribution(metric: Measured): number[] {
  return [
    1,
    Number(metric.success === true),
    Number(metric.success === false),
    metric.executionTimeUs ?? 0,
    Number(metric.executionTimeUs !== null),
    metric.qualityNano ?? 0,
    Number(metric.qualityNano !== null),
    metric.costMicro ?? 0,
    metric.tokensUsed ?? 0,
    metric.tasksCompleted ?? 0,
    metric.tasksFailed ?? 0,
    metric.apiCalls ?? 0,
    metric.codeViolations ?? 0,
  ];
}

/** The same, of a row `r` of `agent_metrics`: an expression for each of {@link PERIOD_SUMS}. */
export const CONTRIBUTION_SQL: Readonly<Record<(typeof PERIOD_SUMS)[number], string>> = {
  metrics: '1',
  succeeded: 'COALESCE(r.success, 0)',
  failed: 'COALESCE(1 - r.success, 0)',
  execution_time_us: 'COALESCE(r.execution_time_us, 0)',
  execution_time_rows: 'CASE WHEN r.execution_time_us IS NULL THEN 0 ELSE 1 END',
  quality_nano: 'COALESCE(r.quality_nano, 0)',
  quality_rows: 'CASE WHEN r.quality_nano IS NULL THEN 0 ELSE 1 END',
  cost_micro: 'COALESCE(r.cost_micro, 0)',
  tokens_used: 'COALESCE(r.tokens_used, 0)',
  tasks_completed: 'COALESCE(r.tasks_completed, 0)',
  tasks_failed: 'COALESCE(r.tasks_failed, 0)',
  api_calls: 'COALESCE(r.api_calls, 0)',
  code_violations: 'COALESCE(r.code_violations, 0)',
};
