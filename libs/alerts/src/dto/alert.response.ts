import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { ALERT_KINDS, ALERT_SEVERITIES } from '#rbac';
import { ALERT_PREFIX, type AlertContext } from '../alert-entry.js';
import type { AlertRow } from '../alerts.repository.js';

const ID = '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11';
const TIME = { format: 'date-time', example: '2026-01-05T10:00:00.000Z' };
const nullableText = (description: string, example: string) => ({
  ...{ description, example },
  ...{ type: String, nullable: true },
});

class AlertAgentResponse {
  @ApiProperty({
    description: 'UUID of a registered agent, the text that was sent, or `system`.',
    example: ID,
  })
  agent_id!: string;
  @ApiProperty({ description: 'Its name at that moment.', example: 'coder' })
  name!: string;
  @ApiProperty({ description: 'Its role at that moment, or `unknown`.', example: 'developer' })
  role!: string;
}

class AlertWindowResponse {
  @ApiProperty({ description: 'Its begin, ISO 8601 UTC.', ...TIME })
  from!: string;
  @ApiProperty({ description: 'Its end, ISO 8601 UTC.', ...TIME })
  to!: string;
}

/** What somebody was to be told. Its texts can be erased like those of any entry: then they are null. */
export class AlertResponse {
  @ApiProperty({ description: 'Id of its entry in the audit trail.', format: 'uuid', example: ID })
  alert_id!: string;
  @ApiProperty({ description: 'Place of the entry in the log.', type: 'integer', example: 42 })
  seq!: number;
  @ApiProperty({ description: 'What it is about.', enum: ALERT_KINDS, example: 'denials' })
  when!: string;
  @ApiProperty(nullableText('Id of the rule in the policy.', 'many_denials'))
  rule!: string | null;
  @ApiProperty({ description: 'How grave it is.', enum: ALERT_SEVERITIES, example: 'warning' })
  severity!: string;
  @ApiProperty(nullableText('The agent or approval that met the rule; `*` for many together.', ID))
  subject!: string | null;
  @ApiProperty({ description: 'Whom it concerns.', type: AlertAgentResponse })
  agent!: AlertAgentResponse;
  @ApiProperty(nullableText('What happened.', 'coder was denied 21 times within 10 minutes.'))
  message!: string | null;
  @ApiProperty({
    description: 'What was counted, and the bounds of the rule.',
    type: 'object',
    additionalProperties: true,
    nullable: true,
    example: { denials: 21, over: 20, within_minutes: 10 },
  })
  figures!: AlertContext['figures'] | null;
  @ApiProperty({
    description: 'The time that was looked at; null where none was.',
    type: AlertWindowResponse,
    nullable: true,
  })
  window!: AlertWindowResponse | null;
  @ApiProperty(nullableText('The entry with which the rule was met.', ID))
  event_id!: string | null;
  @ApiProperty({ description: 'When it was raised, ISO 8601 UTC.', ...TIME })
  raised_at!: string;
  @ApiProperty({ description: 'Its texts were erased on demand.', example: false })
  redacted!: boolean;
}

export function toAlertResponse(row: AlertRow): AlertResponse {
  const context = row.context === null ? null : (JSON.parse(row.context) as AlertContext);
  return {
    alert_id: row.audit_id,
    seq: row.seq,
    when: row.operation_type.slice(ALERT_PREFIX.length),
    rule: context?.rule ?? null,
    severity: row.outcome,
    subject: context?.subject ?? null,
    agent: { agent_id: row.agent_id, name: row.agent_name, role: row.agent_role },
    message: context?.message ?? null,
    figures: context?.figures ?? null,
    window: context?.window ?? null,
    event_id: context?.event_id ?? null,
    raised_at: formatTime(row.recorded_at),
    redacted: context === null,
  };
}
