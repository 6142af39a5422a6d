import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { fromMicros, fromMicroUsd, fromNano } from '#kernel';
import type { MetricRow } from '../metrics.repository.js';

const nullableNumber = (description: string, example: number) => ({
  description,
  example,
  type: Number,
  nullable: true,
});
const nullableInteger = (description: string, example: number) => ({
  description,
  example,
  type: 'integer' as const,
  nullable: true,
});

/** A metric as it was recorded; null where the report did not say. */
export class MetricResponse {
  @ApiProperty({ description: 'Its id.', format: 'uuid', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' })
  metric_id!: string;
  @ApiProperty({
    description: "The agent's id.",
    format: 'uuid',
    example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
  })
  agent_id!: string;
  @ApiProperty({ description: "The agent's name at that moment.", example: 'coder' })
  agent_name!: string;
  @ApiProperty({ description: 'What is measured.', example: 'execution' })
  metric_type!: string;
  @ApiProperty(nullableNumber('Milliseconds.', 1200))
  execution_time_ms!: number | null;
  @ApiProperty({ description: 'Whether it went well.', type: Boolean, nullable: true, example: true })
  success!: boolean | null;
  @ApiProperty(nullableInteger('Tokens.', 5000))
  tokens_used!: number | null;
  @ApiProperty(nullableInteger('API calls.', 3))
  api_calls!: number | null;
  @ApiProperty(nullableNumber('USD.', 0.015))
  cost_usd!: number | null;
  @ApiProperty(nullableNumber('Score, 0–1.', 0.87))
  quality_score!: number | null;
  @ApiProperty(nullableInteger('Violations found.', 2))
  code_violations!: number | null;
  @ApiProperty(nullableInteger('Tasks completed.', 1))
  tasks_completed!: number | null;
  @ApiProperty(nullableInteger('Tasks failed.', 0))
  tasks_failed!: number | null;
  @ApiProperty({
    description: 'What else was said.',
    type: 'object',
    additionalProperties: true,
    nullable: true,
    example: null,
  })
  context!: unknown;
  @ApiProperty({
    description: 'When it was measured, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  recorded_at!: string;
}

export function toMetricResponse(row: MetricRow): MetricResponse {
  return {
    metric_id: row.metric_id,
    agent_id: row.agent_id,
    agent_name: row.agent_name,
    metric_type: row.metric_type,
    execution_time_ms: row.execution_time_us === null ? null : fromMicros(row.execution_time_us),
    success: row.success === null ? null : row.success !== 0,
    tokens_used: row.tokens_used,
    api_calls: row.api_calls,
    cost_usd: row.cost_micro === null ? null : fromMicroUsd(row.cost_micro),
    quality_score: row.quality_nano === null ? null : fromNano(row.quality_nano),
    code_violations: row.code_violations,
    tasks_completed: row.tasks_completed,
    tasks_failed: row.tasks_failed,
    context: row.context === null ? null : (JSON.parse(row.context) as unknown),
    recorded_at: formatTime(row.recorded_at),
  };
}
