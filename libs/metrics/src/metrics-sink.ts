import type { MetricDraft, Sink, Transaction } from '#kernel';
import { insertRows, storeOf } from '#persistence';

/** A metric with the id it was given. */
export interface MetricRecord extends MetricDraft {
  readonly metricId: string;
}

const COLUMNS = [
  'metric_id',
  'agent_id',
  'agent_name',
  'metric_type',
  'execution_time_us',
  'success',
  'tokens_used',
  'api_calls',
  'cost_micro',
  'quality_nano',
  'code_violations',
  'tasks_completed',
  'tasks_failed',
  'context',
  'recorded_at',
];

const TOTALS = [
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
];
const ADD_TOTALS = `ON CONFLICT (agent_id) DO UPDATE SET ${TOTALS.map((sum) => `${sum} = agent_totals.${sum} + excluded.${sum}`).join(', ')}`;

function toRow(metric: MetricRecord): unknown[] {
  return [
    metric.metricId,
    metric.agent.agentId,
    metric.agent.name,
    metric.metricType,
    metric.executionTimeUs,
    metric.success === null ? null : Number(metric.success),
    metric.tokensUsed,
    metric.apiCalls,
    metric.costMicro,
    metric.qualityNano,
    metric.codeViolations,
    metric.tasksCompleted,
    metric.tasksFailed,
    metric.context,
    metric.recordedAt,
  ];
}

/** What one metric adds to its agent's totals, in the order of {@link TOTALS}. */
function contribution(metric: MetricRecord): number[] {
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
  ];
}

/** Writes a group's metrics with one statement and adds them to their agents' totals with another. */
export class MetricsSink implements Sink<MetricRecord> {
  readonly name = 'agent_metrics';
  readonly order = 10;

  async flush(tx: Transaction, metrics: readonly MetricRecord[]): Promise<void> {
    const store = storeOf(tx);
    await insertRows(store, 'agent_metrics', COLUMNS, metrics.map(toRow));
    const totals = new Map<string, number[]>();
    for (const metric of metrics) {
      const added = contribution(metric);
      const sums = totals.get(metric.agent.agentId);
      totals.set(metric.agent.agentId, sums ? sums.map((sum, i) => sum + (added[i] ?? 0)) : added);
    }
    const rows = [...totals].map(([agentId, sums]) => [agentId, ...sums]);
    await insertRows(store, 'agent_totals', ['agent_id', ...TOTALS], rows, ADD_TOTALS);
  }
}
