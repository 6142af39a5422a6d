import { OPERATION_TYPES, type OperationType, type RecordedEvent } from '#kernel';
import { contextOf, type FrameForm } from './frame-form.js';
import { AGENT_ID, AGENT_NAME, AUDIT_ID, PRINCIPAL, principalOf } from './members.js';
import { mapOf, objectOf, oneOf, orNull, text } from './schema.js';

type AuditOperation = Extract<OperationType, `audit.${string}`>;

const OPERATIONS = OPERATION_TYPES.filter((type): type is AuditOperation => type.startsWith('audit.'));

const AUDIT_EVENT: FrameForm = {
  type: 'audit_event',
  permission: 'audit:read',
  description: 'The audit trail was exported, delivered elsewhere, held, cleared or signed by another key.',
  schema: objectOf({
    audit_id: AUDIT_ID,
    agent_id: AGENT_ID,
    agent_name: AGENT_NAME,
    operation: oneOf(OPERATIONS, 'What was done.'),
    operation_detail: orNull(text('To what, by its name.')),
    target_resource: orNull(text('To what, by its id.')),
    target_type: orNull(text('`hold`, `sink`, `entry` or `log`.')),
    principal: PRINCIPAL,
    context: orNull(mapOf(true, "What else is known: the entry's context.")),
  }),
  data: toAuditEvent,
};

/** What was done with the audit trail itself. */
export const AUDIT_FRAMES = Object.fromEntries(OPERATIONS.map((type) => [type, AUDIT_EVENT])) as Readonly<
  Record<AuditOperation, FrameForm>
>;

function toAuditEvent(event: RecordedEvent): string {
  return JSON.stringify({
    audit_id: event.auditId,
    agent_id: event.agentId,
    agent_name: event.agentName,
    operation: event.operationType,
    operation_detail: event.operationDetail,
    target_resource: event.targetResource,
    target_type: event.targetType,
    principal: principalOf(event),
    context: event.context === null ? null : contextOf(event),
  });
}
