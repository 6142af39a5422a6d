import {
  EnumField,
  EventIdField,
  IntegerField,
  LenientText,
  NumberField,
  ObjectField,
  TextField,
  UnknownFields,
} from '#contract';
import { LIMITS } from '#kernel';

/** What a client may say of a decision that it made itself. */
export const REPORTED_DECISIONS = ['allowed', 'denied', 'requires_approval'] as const;

/** One event as a hook reports it. Nothing is required, and text of any length is taken. */
@UnknownFields('keep')
@LenientText()
export class IngestEventRequest {
  @TextField({
    description: 'UUID or name of a registered agent, or any other text.',
    default: 'unknown',
    example: 'coder',
    anyLength: true,
  })
  agent_id?: string;

  @TextField({
    description: "Absent: the registered agent's name, or the id.",
    example: 'coder',
    anyLength: true,
  })
  agent_name?: string;

  @TextField({
    description: 'Counts for agents that are not registered; a registered role wins.',
    example: 'developer',
    anyLength: true,
  })
  agent_role?: string;

  @TextField({
    description: '`tool_use`, `api_call`, `file_access`, `agent_spawn`, …',
    default: 'unknown',
    example: 'tool_use',
    anyLength: true,
  })
  operation_type?: string;

  @TextField({
    description: 'What was done, such as a whole command.',
    example: 'Write: src/app.ts',
    anyLength: true,
  })
  operation_detail?: string;

  @TextField({ description: 'What it was done to.', example: 'src/app.ts', anyLength: true })
  target_resource?: string;

  @TextField({ description: '`file`, `command`, `agent`, `search`, …', example: 'file', anyLength: true })
  target_type?: string;

  @EnumField(REPORTED_DECISIONS, { description: 'Absent: `unknown`.', example: 'allowed' })
  rbac_decision?: string;

  @TextField({ description: 'Why.', example: 'Path is outside the scopes of the role.', anyLength: true })
  rbac_reason?: string;

  @NumberField({
    description: 'USD. A report only: nothing is charged for it.',
    example: 0.015,
    max: LIMITS.costUsd,
  })
  cost_usd?: number;

  @IntegerField({ description: 'Tokens. A report only.', example: 5000, max: LIMITS.tokens })
  tokens_used?: number;

  @ObjectField({
    description: 'Anything else worth keeping.',
    example: { session_id: 's-1', tool_name: 'Write' },
  })
  context?: Record<string, unknown>;

  /** Members that the contract does not know; kept in `context.extra`. */
  extra?: Record<string, unknown>;
}

/** One of a batch. */
export class IngestEventItem extends IngestEventRequest {
  @EventIdField()
  event_id?: string;
}
