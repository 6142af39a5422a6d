import {
  BooleanField,
  EnumField,
  EventIdField,
  IntegerField,
  NumberField,
  ObjectField,
  TextField,
  TimeField,
  UnknownFields,
} from '#contract';
import { LIMITS, type MetricType } from '#kernel';

export const METRIC_TYPES = [
  'execution',
  'cost',
  'quality',
  'task_completion',
] as const satisfies readonly MetricType[];

@UnknownFields('keep')
export class CreateMetricRequest {
  @TextField({ description: 'UUID or name of a live agent.', example: 'coder', required: true })
  agent_id!: string;

  @EnumField(METRIC_TYPES, {
    description: 'What is measured; only `cost` charges the budget.',
    example: 'execution',
    required: true,
  })
  metric_type!: MetricType;

  @NumberField({ description: 'Milliseconds.', example: 1200, max: LIMITS.durationMs })
  execution_time_ms?: number;

  @BooleanField({ description: 'Whether it went well.', example: true })
  success?: boolean;

  @IntegerField({ description: 'Tokens.', example: 5000, max: LIMITS.tokens })
  tokens_used?: number;

  @IntegerField({ description: 'API calls.', example: 3, max: LIMITS.count })
  api_calls?: number;

  @NumberField({ description: 'USD.', example: 0.015, max: LIMITS.costUsd })
  cost_usd?: number;

  @NumberField({ description: 'Score, 0–1.', example: 0.87, max: 1 })
  quality_score?: number;

  @IntegerField({ description: 'Violations found.', example: 2, max: LIMITS.count })
  code_violations?: number;

  @IntegerField({ description: 'Tasks completed.', example: 1, max: LIMITS.count })
  tasks_completed?: number;

  @IntegerField({ description: 'Tasks failed.', example: 0, max: LIMITS.count })
  tasks_failed?: number;

  @ObjectField({
    description:
      'Anything else worth keeping. A `tool_use_id` or `request_id` in it keeps a `cost` metric from being charged twice.',
    example: { file: 'src/app.ts', grade: 'B' },
  })
  context?: Record<string, unknown>;

  @TimeField({
    description: 'When it was measured; absent: now. At most 5 minutes ahead.',
    example: '2026-01-05T10:00:00.000Z',
  })
  recorded_at?: string;

  /** Members that the contract does not know; kept in `context.extra`. */
  extra?: Record<string, unknown>;
}

/** One of a batch. */
export class CreateMetricItem extends CreateMetricRequest {
  @EventIdField()
  event_id?: string;
}
