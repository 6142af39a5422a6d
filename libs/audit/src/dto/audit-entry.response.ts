import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { fromMicroUsd, type RecordedEvent } from '#kernel';

const nullableText = (description: string, example: string | null) => ({
  description,
  example,
  type: String,
  nullable: true,
});

class AuditAgentResponse {
  @ApiProperty({
    description: 'UUID of a registered agent, else the text that was sent.',
    example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
  })
  agent_id!: string;
  @ApiProperty({ description: 'Its name at that moment.', example: 'coder' })
  name!: string;
  @ApiProperty({ description: 'Its role at that moment, or `unknown`.', example: 'developer' })
  role!: string;
}

class AuditOperationResponse {
  @ApiProperty({ description: 'What kind of thing happened.', example: 'tool_use' })
  type!: string;
  @ApiProperty(nullableText('What was done.', 'Write: src/app.ts'))
  detail!: string | null;
}

class AuditTargetResponse {
  @ApiProperty(nullableText('What it was done to.', 'src/app.ts'))
  resource!: string | null;
  @ApiProperty(nullableText('What kind of thing that is.', 'file'))
  type!: string | null;
}

class AuditRbacResponse {
  @ApiProperty({ description: '`allowed`, `denied`, `requires_approval` or `unknown`.', example: 'allowed' })
  decision!: string;
  @ApiProperty(nullableText('Why.', null))
  reason!: string | null;
}

class AuditCostResponse {
  @ApiProperty({ description: 'USD.', example: 0.015, type: Number, nullable: true })
  usd!: number | null;
  @ApiProperty({ description: 'Tokens.', example: 5000, type: 'integer', nullable: true })
  tokens_used!: number | null;
}

class AuditPrincipalResponse {
  @ApiProperty({
    description: "The key's id, `local` without RBAC, `system` for the service itself.",
    example: 'local',
  })
  id!: string;
  @ApiProperty({
    description: 'How it came to be known.',
    enum: ['anonymous', 'human', 'service', 'agent', 'system'],
    example: 'anonymous',
  })
  kind!: string;
  @ApiProperty({ description: 'The role it acted in.', example: 'admin' })
  role!: string;
}

/** One entry of the log. It cannot be changed or deleted; its texts can be erased. */
export class AuditEntryResponse {
  @ApiProperty({
    description: 'Id of the entry.',
    format: 'uuid',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  audit_id!: string;
  @ApiProperty({ description: 'Place in the log, from 1, without gaps.', type: 'integer', example: 42 })
  seq!: number;
  @ApiProperty({ description: 'Whom it concerns.', type: AuditAgentResponse })
  agent!: AuditAgentResponse;
  @ApiProperty({ description: 'What happened.', type: AuditOperationResponse })
  operation!: AuditOperationResponse;
  @ApiProperty({ description: 'To what.', type: AuditTargetResponse })
  target!: AuditTargetResponse;
  @ApiProperty({ description: 'What was decided.', type: AuditRbacResponse })
  rbac!: AuditRbacResponse;
  @ApiProperty({ description: 'What it cost.', type: AuditCostResponse })
  cost!: AuditCostResponse;
  @ApiProperty({
    description: 'What else is known.',
    type: 'object',
    additionalProperties: true,
    nullable: true,
    example: null,
  })
  context!: unknown;
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
  @ApiProperty({ description: 'Who told, or who asked.', type: AuditPrincipalResponse })
  principal!: AuditPrincipalResponse;
  @ApiProperty(nullableText('The route, for what this service did or decided.', null))
  route!: string | null;
  @ApiProperty(nullableText('How it ended, for what this service did or decided.', null))
  outcome!: string | null;
  @ApiProperty({
    description: 'The request that caused it.',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  trace_id!: string;
  @ApiProperty({
    description: 'Its texts were erased on demand: detail, target, reason and context are null.',
    example: false,
  })
  redacted!: boolean;
}

export function toAuditEntryResponse(event: RecordedEvent): AuditEntryResponse {
  return {
    audit_id: event.auditId,
    seq: event.seq,
    agent: { agent_id: event.agentId, name: event.agentName, role: event.agentRole },
    operation: { type: event.operationType, detail: event.operationDetail },
    target: { resource: event.targetResource, type: event.targetType },
    rbac: { decision: event.rbacDecision, reason: event.rbacReason },
    cost: {
      usd: event.costMicro === null ? null : fromMicroUsd(event.costMicro),
      tokens_used: event.tokensUsed,
    },
    context: event.context === null ? null : (JSON.parse(event.context) as unknown),
    timestamp: formatTime(event.recordedAt),
    source: event.source,
    principal: { id: event.principalId, kind: event.principalKind, role: event.principalRole },
    route: event.route,
    outcome: event.outcome,
    trace_id: event.traceId,
    redacted: event.erased,
  };
}
