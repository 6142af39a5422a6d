import { EnumField, pageQuery, parseTime, TextField, TimeField } from '#contract';
import { ALERT_SEVERITIES, type AlertSeverity } from '#rbac';
import type { AlertFilter } from '../alerts.repository.js';

export class AlertListQuery extends pageQuery({ list: 'alerts', place: ['number'], maxLimit: 500 }) {
  @TextField({ description: 'Only of the rule with this id.', example: 'many_denials', maxChars: 64 })
  rule?: string;

  @EnumField(ALERT_SEVERITIES, { description: 'Only these.', example: 'warning' })
  severity?: AlertSeverity;

  @TextField({
    description: 'UUID or name of an agent, or the text that was sent as its id.',
    example: 'coder',
  })
  agent_id?: string;

  @TimeField({
    description: 'From this time on, ISO 8601; without an offset it is UTC.',
    example: '2026-01-05T00:00:00Z',
  })
  since?: string;
}

export function toAlertFilter({ rule, severity, agent_id: agentId, since }: AlertListQuery): AlertFilter {
  return { rule, severity, agentId, since: since === undefined ? null : parseTime(since) };
}
