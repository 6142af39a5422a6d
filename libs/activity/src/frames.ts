import type { RecordedEvent } from '#kernel';

/** What kind of frame an event becomes. */
export interface FrameForm {
  readonly type: string;
  /** What it takes to see it, beside the rule that agents see their own. `stream:read` where absent. */
  readonly permission?: 'stream:read' | 'audit:read';
  /** The member `data` as JSON text; null where the event has nothing to show. */
  readonly data: (event: RecordedEvent) => string | null;
}

/** Whatever operation type a client reports, its report is never taken for something this service did. */
const REPORTED: FrameForm = { type: 'rbac_decision', data: toDecision };

/** What this service did or decided, by operation type. A feature joins the stream with one line here. */
const DECIDED: ReadonlyMap<string, FrameForm> = new Map<string, FrameForm>([
  ['metric.record', { type: 'metric_recorded', data: toContext }],
  ['rbac.check', { type: 'rbac_decision', data: toDecision }],
  ['approval.request', { type: 'approval_requested', data: toContext }],
  ['approval.decide', { type: 'approval_decided', data: toContext }],
  ['tool_use.executed_differs', { type: 'tool_use_finding', data: toContext }],
  ['tool_use.executed_denied', { type: 'tool_use_finding', data: toContext }],
  ['tool_use.ungated', { type: 'tool_use_finding', data: toContext }],
  ['budget.deduct', { type: 'budget_updated', data: toContext }],
  ['budget.threshold', { type: 'budget_threshold', data: toContext }],
  ['alert.denials', { type: 'alert', data: toContext }],
  ['alert.budget_step', { type: 'alert', data: toContext }],
  ['alert.failure_rate', { type: 'alert', data: toContext }],
  ['alert.unknown_agent', { type: 'alert', data: toContext }],
  ['alert.approvals_waiting', { type: 'alert', data: toContext }],
  ['agent.activate', { type: 'agent_activated', data: toActivation }],
  ['agent.complete', { type: 'agent_completed', data: toCompletion }],
  ['agent.idle', { type: 'agent_idle', data: toContext }],
]);

/** Null for events that have no frame. */
export function formOf(event: RecordedEvent): FrameForm | null {
  return event.source === 'reported' ? REPORTED : (DECIDED.get(event.operationType) ?? null);
}

/** The types of all of them. */
export const FRAME_TYPES: readonly string[] = [
  ...new Set([REPORTED, ...DECIDED.values()].map(({ type }) => type)),
];

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

/** The entry's context is the data already, as JSON text. */
function toContext(event: RecordedEvent): string | null {
  return event.context;
}

function toActivation(event: RecordedEvent): string {
  return JSON.stringify(taskOf(event, contextOf(event)));
}

function toCompletion(event: RecordedEvent): string {
  const context = contextOf(event);
  const { success = null, execution_time_ms = null } = context;
  return JSON.stringify({ ...taskOf(event, context), success, execution_time_ms });
}

function taskOf(event: RecordedEvent, context: Record<string, unknown>): Record<string, unknown> {
  const { session_id = null, task = null } = context;
  return { agent_id: event.agentId, agent_name: event.agentName, role: event.agentRole, session_id, task };
}

function contextOf(event: RecordedEvent): Record<string, unknown> {
  return event.context === null ? {} : (JSON.parse(event.context) as Record<string, unknown>);
}
