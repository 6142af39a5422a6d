import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { fromMicroUsd } from '#kernel';
import type { TimelineRow } from '../timeline.repository.js';

const nullableText = (description: string, example: string | null) => ({
  description,
  example,
  type: String,
  nullable: true,
});

/** An entry of a session. */
export class TimelineEntryResponse {
  @ApiProperty({ description: 'Its place in the log.', type: 'integer', example: 42 })
  seq!: number;
  @ApiProperty({
    description: 'Id of the audit entry.',
    format: 'uuid',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  audit_id!: string;
  @ApiProperty({
    description: 'UUID of a registered agent, else the text that was sent.',
    example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
  })
  agent_id!: string;
  @ApiProperty({ description: 'Its name at that moment.', example: 'coder' })
  agent_name!: string;
  @ApiProperty({ description: 'Its role at that moment.', example: 'developer' })
  agent_role!: string;
  @ApiProperty({ description: 'What kind of thing happened.', example: 'tool_use' })
  operation_type!: string;
  @ApiProperty(nullableText('What was done.', 'Write: src/app.ts'))
  operation_detail!: string | null;
  @ApiProperty(nullableText('To what.', 'src/app.ts'))
  target_resource!: string | null;
  @ApiProperty({ description: '`allowed`, `denied`, `requires_approval` or `unknown`.', example: 'allowed' })
  rbac_decision!: string;
  @ApiProperty(nullableText('Why.', null))
  rbac_reason!: string | null;
  @ApiProperty({
    description: 'USD, as the entry states it; of these, only those of `budget.deduct` were charged.',
    example: 0.015,
    type: Number,
    nullable: true,
  })
  cost_usd!: number | null;
  @ApiProperty({
    description: 'Tokens, as the entry states them.',
    example: 5000,
    type: 'integer',
    nullable: true,
  })
  tokens_used!: number | null;
  @ApiProperty({
    description: 'When, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  timestamp!: string;
  @ApiProperty({
    description: '`reported`: a client said so. `decided`: this service did or decided it.',
    enum: ['reported', 'decided'],
    example: 'reported',
  })
  source!: string;
}

export function toTimelineEntry({ cost_micro, recorded_at, ...row }: TimelineRow): TimelineEntryResponse {
  return {
    ...row,
    cost_usd: cost_micro === null ? null : fromMicroUsd(cost_micro),
    timestamp: formatTime(recorded_at),
  };
}
