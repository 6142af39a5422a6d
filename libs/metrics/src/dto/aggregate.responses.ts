import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { fromMicroUsd } from '#kernel';
import type { MetricSums, UsageSums } from '../rollups/metric-sums.js';
import { meanQuality, meanTime, successRate } from './means.js';
import { MetricGroupResponse, MetricRangeResponse } from './statistics.responses.js';

const number = (description: string, example: number) => ({ description, example });
const integer = (description: string, example: number) => ({
  description,
  example,
  type: 'integer' as const,
});
const WIDENED = { description: 'The period, where an edge was moved.', type: MetricRangeResponse };

export class MetricAggregateResponse {
  @ApiProperty(integer('Metrics in the period.', 12))
  count!: number;
  @ApiProperty(number('Mean of those that hold one, milliseconds; 0 where none does.', 1200))
  avg_execution_time_ms!: number;
  @ApiProperty(number('Successes among those that say, 0–1.', 0.9))
  success_rate!: number;
  @ApiProperty(number('Sum, USD.', 1.25))
  total_cost_usd!: number;
  @ApiProperty(integer('Sum, tokens.', 60000))
  total_tokens_used!: number;
  @ApiProperty(number('Mean of those that hold one, 0–1; 0 where none does.', 0.87))
  avg_quality_score!: number;
  @ApiProperty(number('The period, days.', 7))
  time_range_days!: number;
  @ApiPropertyOptional({
    description: 'The period, where dates were asked for or an edge was moved.',
    type: MetricRangeResponse,
  })
  range?: MetricRangeResponse;
  @ApiPropertyOptional({
    description:
      'Milliseconds by the percentiles that were asked for, each within 1 %; null where no metric holds one.',
    type: 'object',
    additionalProperties: { type: 'number', nullable: true },
    example: { 50: 1100, 95: 3800 },
  })
  execution_time_percentiles_ms?: Record<string, number | null>;
  @ApiPropertyOptional({
    description: 'With `group_by` or `bucket`: by time, then by key; 10,000 at the most.',
    type: [MetricGroupResponse],
  })
  groups?: MetricGroupResponse[];
}

class SummaryPerformanceResponse {
  @ApiProperty(number('Mean, milliseconds.', 1200))
  avg_execution_time_ms!: number;
  @ApiProperty(number('Successes among those that say, 0–1.', 0.9))
  success_rate!: number;
  @ApiProperty(integer('Tasks completed.', 12))
  total_tasks_completed!: number;
  @ApiProperty(integer('Tasks failed.', 1))
  total_tasks_failed!: number;
}

class SummaryCostResponse {
  @ApiProperty(number('Sum, USD.', 1.25))
  total_cost_usd!: number;
  @ApiProperty(integer('Sum, tokens.', 60000))
  total_tokens_used!: number;
}

class SummaryQualityResponse {
  @ApiProperty(number('Mean, 0–1.', 0.87))
  avg_quality_score!: number;
}

/** An agent's life in numbers. */
export class AgentMetricsSummaryResponse {
  @ApiProperty({
    description: "The agent's id.",
    format: 'uuid',
    example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
  })
  agent_id!: string;
  @ApiProperty(integer('Metrics in its life.', 12))
  total_metrics!: number;
  @ApiProperty({ description: 'How it did.', type: SummaryPerformanceResponse })
  performance!: SummaryPerformanceResponse;
  @ApiProperty({ description: 'What it cost.', type: SummaryCostResponse })
  cost!: SummaryCostResponse;
  @ApiProperty({ description: 'How good it was.', type: SummaryQualityResponse })
  quality!: SummaryQualityResponse;
}

export class QualityResponse {
  @ApiProperty(number('Mean of the quality metrics that hold one, 0–1; 0 where none does.', 0.87))
  overall_quality_score!: number;
  @ApiProperty(integer('Sum of violations.', 4))
  total_code_violations!: number;
  @ApiProperty(integer('Quality metrics in the period.', 6))
  metrics_analyzed!: number;
  @ApiProperty(integer('The period, days.', 7))
  period_days!: number;
  @ApiPropertyOptional(WIDENED)
  range?: MetricRangeResponse;
}

export class ResourceUsageResponse {
  @ApiProperty(integer('Sum, tokens.', 60000))
  total_tokens_used!: number;
  @ApiProperty(number('Sum, USD.', 1.25))
  total_cost_usd!: number;
  @ApiProperty(integer('Sum, API calls.', 30))
  total_api_calls!: number;
  @ApiProperty(integer('The period, days.', 7))
  period_days!: number;
  @ApiPropertyOptional(WIDENED)
  range?: MetricRangeResponse;
}

type Sums = MetricSums & UsageSums;

/** The sums of a period. */
export interface PeriodSums {
  readonly sums: Sums;
  /** The period, where it is not the one that was asked for. */
  readonly widened: MetricRangeResponse | null;
}

export function toAggregateResponse(sums: Sums, days: number): MetricAggregateResponse {
  return {
    count: sums.metrics,
    avg_execution_time_ms: meanTime(sums),
    success_rate: successRate(sums),
    total_cost_usd: fromMicroUsd(sums.cost_micro),
    total_tokens_used: sums.tokens_used,
    avg_quality_score: meanQuality(sums),
    time_range_days: days,
  };
}

const NO_METRICS: MetricSums = {
  metrics: 0,
  succeeded: 0,
  failed: 0,
  execution_time_us: 0,
  execution_time_rows: 0,
  quality_nano: 0,
  quality_rows: 0,
  cost_micro: 0,
  tokens_used: 0,
  tasks_completed: 0,
  tasks_failed: 0,
};

export function toSummaryResponse(agentId: string, totals: MetricSums | null): AgentMetricsSummaryResponse {
  const sums = totals ?? NO_METRICS;
  return {
    agent_id: agentId,
    total_metrics: sums.metrics,
    performance: {
      avg_execution_time_ms: meanTime(sums),
      success_rate: successRate(sums),
      total_tasks_completed: sums.tasks_completed,
      total_tasks_failed: sums.tasks_failed,
    },
    cost: { total_cost_usd: fromMicroUsd(sums.cost_micro), total_tokens_used: sums.tokens_used },
    quality: { avg_quality_score: meanQuality(sums) },
  };
}

export function toQualityResponse({ sums, widened }: PeriodSums, days: number): QualityResponse {
  return {
    overall_quality_score: meanQuality(sums),
    total_code_violations: sums.code_violations,
    metrics_analyzed: sums.metrics,
    period_days: days,
    ...(widened ? { range: widened } : {}),
  };
}

export function toUsageResponse({ sums, widened }: PeriodSums, days: number): ResourceUsageResponse {
  return {
    total_tokens_used: sums.tokens_used,
    total_cost_usd: fromMicroUsd(sums.cost_micro),
    total_api_calls: sums.api_calls,
    period_days: days,
    ...(widened ? { range: widened } : {}),
  };
}
