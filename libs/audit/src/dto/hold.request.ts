import { pageQuery, parseTime, TextField, TimeField } from '#contract';
import type { HoldDraft } from '../retention/holds.service.js';

export class PlaceHoldRequest {
  @TextField({
    description: 'Only entries of this agent: UUID or name, or the text that was sent as its id.',
    example: 'coder',
  })
  agent_id?: string;

  @TimeField({
    description: 'Only entries recorded from this time on, ISO 8601.',
    example: '2026-01-05T00:00:00Z',
  })
  start_date?: string;

  @TimeField({
    description: 'Only entries recorded before this time, ISO 8601.',
    example: '2026-01-06T00:00:00Z',
  })
  end_date?: string;

  @TextField({ description: 'Why it is placed.', example: 'case 4711', required: true, maxChars: 1000 })
  reason!: string;
}

export class HoldsQuery extends pageQuery({
  list: 'audit/holds',
  place: ['number', 'string'],
  maxLimit: 1000,
}) {}

export function toHoldDraft(request: PlaceHoldRequest): HoldDraft {
  return {
    agentId: request.agent_id ?? null,
    fromTime: request.start_date === undefined ? null : parseTime(request.start_date),
    toTime: request.end_date === undefined ? null : parseTime(request.end_date),
    reason: request.reason,
  };
}
