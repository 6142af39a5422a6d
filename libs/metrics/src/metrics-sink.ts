import type { MetricDraft, Sink, Transaction } from '#kernel';
import { insertRows, storeOf } from '#persistence';
import { contribution, LIFE_SUMS } from './rollups/metric-sums.js';
import { addToSpans } from './rollups/metric-spans.js';
import { RollupBuckets } from './rollups/rollup-buckets.js';

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

const ADD_TOTALS = `ON CONFLICT (agent_id) DO UPDATE SET ${LIFE_SUMS.map((sum) => `${sum} = agent_totals.${sum} + excluded.${sum}`).join(', ')}`;

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

/** Writes a group's metrics, their agents' totals and the buckets and spans of time that count them, with one statement each. */
export class MetricsSink implements Sink<MetricRecord> {
  readonly name = 'agent_metrics';
  readonly order = 10;

  async flush(tx: Transaction, metrics: readonly MetricRecord[]): Promise<void> {
    const store = storeOf(tx);
    await insertRows(store, 'agent_metrics', COLUMNS, metrics.map(toRow));
    const totals = new Map<string, number[]>();
    const buckets = new RollupBuckets();
    for (const metric of metrics) {
      buckets.add({ ...metric, agentId: metric.agent.agentId });
      const added = contribution(metric);
      const sums = totals.get(metric.agent.agentId);
      totals.set(metric.agent.agentId, sums ? sums.map((sum, i) => sum + (added[i] ?? 0)) : added);
    }
    const rows = [...totals].map(([agentId, sums]) => [agentId, ...sums.slice(0, LIFE_SUMS.length)]);
    await insertRows(store, 'agent_totals', ['agent_id', ...LIFE_SUMS], rows, ADD_TOTALS);
    await addToSpans(store, await buckets.write(store), metrics);
  }
}
