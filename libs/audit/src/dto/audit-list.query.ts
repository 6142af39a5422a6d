import { pageQuery, parseTime, TextField, TimeField } from '#contract';
import { ValidationFailed } from '#kernel';
import type { AuditFilter } from '../log/log-query.js';
import { wordsOf } from '../text/words.js';

/** One log, and cursors good for both forms of its list. */
const LOG = { list: 'audit', place: ['number'], maxLimit: 500 } as const;
const NO_WORD = 'must hold a letter or a digit';
const AGENT = {
  description: 'UUID or name of an agent, or the text that was sent as its id.',
  example: 'coder',
};

/** What the log can be narrowed by. */
export class AuditFilterQuery {
  @TextField(AGENT)
  agent_id?: string;

  @TextField({ description: 'Only agents that had this role at that moment.', example: 'developer' })
  agent_role?: string;

  @TextField({ description: 'Only this operation type.', example: 'tool_use' })
  operation_type?: string;

  @TextField({ description: 'Only what was done to this kind of thing.', example: 'file' })
  target_type?: string;

  @TextField({ description: 'Only this decision.', example: 'denied' })
  rbac_decision?: string;

  @TextField({
    description: 'Only what this request caused.',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  trace_id?: string;

  @TextField({
    description:
      'Only with all these words in the detail, the target or the reason, whatever their case. An entry is found a moment ' +
      'after it was recorded, within a second.',
    example: 'git push',
    maxChars: 200,
  })
  q?: string;

  @TimeField({
    description: 'From this time on, ISO 8601; without an offset it is UTC.',
    example: '2026-01-05T00:00:00Z',
  })
  start_date?: string;

  @TimeField({
    description: 'Before this time, ISO 8601; without an offset it is UTC.',
    example: '2026-01-06T00:00:00Z',
  })
  end_date?: string;
}

export class AuditListQuery extends pageQuery(LOG, AuditFilterQuery) {}

export class EventListQuery extends pageQuery({ ...LOG, defaultLimit: 50, start: 'offset' }) {
  @TextField(AGENT)
  agent_id?: string;
}

/** @throws ValidationFailed */
function toWords(q: string): Set<string> {
  const words = wordsOf(q);
  if (words.size === 0) throw new ValidationFailed([{ path: 'q', message: NO_WORD }]);
  return words;
}

export function toAuditFilter(query: AuditFilterQuery): AuditFilter {
  return {
    agentId: query.agent_id,
    agentRole: query.agent_role,
    operationType: query.operation_type,
    targetType: query.target_type,
    rbacDecision: query.rbac_decision,
    traceId: query.trace_id,
    words: query.q === undefined ? undefined : toWords(query.q),
    from: query.start_date === undefined ? null : parseTime(query.start_date),
    to: query.end_date === undefined ? null : parseTime(query.end_date),
  };
}
