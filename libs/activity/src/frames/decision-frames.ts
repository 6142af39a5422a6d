import type { OperationType, RecordedEvent } from '#kernel';
import { type FrameForm, toContext } from './frame-form.js';
import { AGENT_ID, AGENT_NAME, AGENT_ROLE, AUDIT_ID, REDACTED, SESSION_ID } from './members.js';
import { listOf, objectOf, oneOf, orNull, text, time, uuid } from './schema.js';

/** What agents did by their own account, and what was decided of what they want to do. */
export const RBAC_DECISION: FrameForm = {
  type: 'rbac_decision',
  permission: 'stream:read',
  description: 'A client reported an event, or this service decided about one.',
  schema: objectOf({
    audit_id: AUDIT_ID,
    agent_id: AGENT_ID,
    agent_name: AGENT_NAME,
    agent_role: AGENT_ROLE,
    operation_type: text('As the client calls it; `rbac.check` for what was decided here.'),
    operation_detail: orNull(text('What was done, or was to be.')),
    target_resource: orNull(text('To what.')),
    decision: oneOf(['allowed', 'denied', 'requires_approval', 'unknown'], 'What was decided.'),
    reason: orNull(text('Why.')),
  }),
  data: toDecision,
};

const TOOL_USE_FINDING: FrameForm = {
  type: 'tool_use_finding',
  permission: 'stream:read',
  description: 'What ran is not what was decided, was not allowed, or nobody asked about it.',
  schema: objectOf(
    {
      finding: oneOf(['executed_differs', 'executed_denied', 'ungated'], 'What does not fit.'),
      agent_id: AGENT_ID,
      agent_name: AGENT_NAME,
      tool_use_id: orNull(text("The client's id of the tool use.")),
      event_id: uuid('The entry of the report.'),
      decision_id: orNull(uuid('The entry of the decision that it was compared with.')),
    },
    { session_id: SESSION_ID, redacted: REDACTED },
  ),
  data: toContext,
};

const APPROVAL = {
  approval_id: uuid('The approval.'),
  agent_id: AGENT_ID,
  agent_name: AGENT_NAME,
  request_hash: text('Of exactly this request; hex. Who decides may send it back.'),
};

export const DECISION_FRAMES = {
  'rbac.check': RBAC_DECISION,
  'tool_use.executed_differs': TOOL_USE_FINDING,
  'tool_use.executed_denied': TOOL_USE_FINDING,
  'tool_use.ungated': TOOL_USE_FINDING,
  'approval.request': {
    type: 'approval_requested',
    permission: 'stream:read',
    description: 'Somebody has to say yes before an agent goes on.',
    schema: objectOf(
      {
        ...APPROVAL,
        tool_name: text('What the agent wants to use.'),
        rule: text('The rule of the policy that asks for it.'),
        reason: text('Why it is asked for.'),
        approvers: listOf(text('`human`, or the name of a role.'), 'Who may decide.'),
        requester: text('The id of the principal that asked.'),
        expires_at: time('Until when it can be decided and used.'),
      },
      { session_id: SESSION_ID, redacted: REDACTED },
    ),
    data: toContext,
  },
  'approval.decide': {
    type: 'approval_decided',
    permission: 'stream:read',
    description: 'An approval was given or refused.',
    schema: objectOf(
      {
        ...APPROVAL,
        status: oneOf(['approved', 'denied'], 'What was decided.'),
        decided_by: text('The id of the principal that decided.'),
        comment: orNull(text('What it said.')),
      },
      { session_id: SESSION_ID, redacted: REDACTED },
    ),
    data: toContext,
  },
} satisfies Partial<Record<OperationType, FrameForm>>;

function toDecision(event: RecordedEvent): string {
  return JSON.stringify({
    audit_id: event.auditId,
    agent_id: event.agentId,
    agent_name: event.agentName,
    agent_role: event.agentRole,
    operation_type: event.operationType,
    operation_detail: event.operationDetail,
    target_resource: event.targetResource,
    decision: event.rbacDecision,
    reason: event.rbacReason,
  });
}
