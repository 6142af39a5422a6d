import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { fromMicroUsd } from '#kernel';
import type { Activity } from '../activity.repository.js';

/** One thing that happened. */
export class AgentActivityResponse {
  @ApiProperty({
    description: 'Id of the audit entry.',
    format: 'uuid',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  activity_id!: string;
  @ApiProperty({
    description: 'UUID of a registered agent, else the text that was sent.',
    example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
  })
  agent_id!: string;
  @ApiProperty({ description: 'Its name at that moment.', example: 'coder' })
  agent_name!: string;
  @ApiProperty({ description: 'What kind of thing happened.', example: 'tool_use' })
  operation_type!: string;
  @ApiProperty({ description: 'What was done.', example: 'Write: src/app.ts', type: String, nullable: true })
  operation_detail!: string | null;
  @ApiProperty({ description: '`allowed`, `denied`, `requires_approval` or `unknown`.', example: 'allowed' })
  rbac_decision!: string;
  @ApiProperty({
    description: 'When, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  timestamp!: string;
  @ApiProperty({ description: 'USD.', example: 0.015, type: Number, nullable: true })
  cost_usd!: number | null;
  @ApiProperty({ description: 'Tokens.', example: 5000, type: 'integer', nullable: true })
  tokens_used!: number | null;
  @ApiProperty({ description: 'Its texts were erased on demand.', example: false })
  redacted!: boolean;
}

export function toAgentActivityResponse(activity: Activity): AgentActivityResponse {
  return {
    activity_id: activity.activityId,
    agent_id: activity.agentId,
    agent_name: activity.agentName,
    operation_type: activity.operationType,
    operation_detail: activity.operationDetail,
    rbac_decision: activity.rbacDecision,
    timestamp: formatTime(activity.recordedAt),
    cost_usd: activity.costMicro === null ? null : fromMicroUsd(activity.costMicro),
    tokens_used: activity.tokensUsed,
    redacted: activity.erased,
  };
}
