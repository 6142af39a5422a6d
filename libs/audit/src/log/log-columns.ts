import type { RecordedEvent } from '#kernel';

/** A row of `agent_audit_log`, as SQL gives it. */
export interface LogRow {
  seq: number;
  audit_id: string;
  agent_id: string;
  agent_name: string;
  agent_role: string;
  operation_type: string;
  operation_detail: string | null;
  target_resource: string | null;
  target_type: string | null;
  rbac_decision: string;
  rbac_reason: string | null;
  cost_micro: number | null;
  tokens_used: number | null;
  tool_use_id: string | null;
  context: string | null;
  recorded_at: number;
  source: 'reported' | 'decided';
  principal_id: string;
  principal_kind: string;
  principal_role: string;
  route: string | null;
  outcome: string | null;
  trace_id: string;
  /** 1 once its texts are erased, which is once its salt is. */
  erased: number;
}

/** The columns that an event is written to, in the order {@link toValues} gives them. */
export const EVENT_COLUMNS = [
  'seq',
  'audit_id',
  'agent_id',
  'agent_name',
  'agent_role',
  'operation_type',
  'operation_detail',
  'target_resource',
  'target_type',
  'rbac_decision',
  'rbac_reason',
  'cost_micro',
  'tokens_used',
  'tool_use_id',
  'context',
  'recorded_at',
  'source',
  'principal_id',
  'principal_kind',
  'principal_role',
  'route',
  'outcome',
  'trace_id',
] as const satisfies readonly (keyof LogRow)[];

/** A row with what binds its content into the log. */
export type SealedRow = LogRow & { text_salt: string | null; text_hash: string; leaf_hash: string };

const SEAL_COLUMNS = ['text_salt', 'text_hash', 'leaf_hash'] as const;

/** All columns of the log: those, and what binds their content into it. */
export const LOG_COLUMNS = [...EVENT_COLUMNS, ...SEAL_COLUMNS] as const;

/** What is selected for a {@link LogRow}, */
export const ROW_COLUMNS = [
  ...EVENT_COLUMNS,
  'CASE WHEN text_salt IS NULL THEN 1 ELSE 0 END AS erased',
] as const;
/** and with what binds it into the log. */
export const SEALED_COLUMNS = [...ROW_COLUMNS, ...SEAL_COLUMNS] as const;

/** Where the log ends. */
export interface LogHead {
  readonly size: number;
  /** The right edge of its Merkle tree. */
  readonly frontier: string;
}

export function toValues(event: RecordedEvent): unknown[] {
  return [
    event.seq,
    event.auditId,
    event.agentId,
    event.agentName,
    event.agentRole,
    event.operationType,
    event.operationDetail,
    event.targetResource,
    event.targetType,
    event.rbacDecision,
    event.rbacReason,
    event.costMicro,
    event.tokensUsed,
    event.toolUseId,
    event.context,
    event.recordedAt,
    event.source,
    event.principalId,
    event.principalKind,
    event.principalRole,
    event.route,
    event.outcome,
    event.traceId,
  ];
}

export function toRecordedEvent(row: LogRow): RecordedEvent {
  return {
    seq: row.seq,
    auditId: row.audit_id,
    agentId: row.agent_id,
    agentName: row.agent_name,
    agentRole: row.agent_role,
    operationType: row.operation_type,
    operationDetail: row.operation_detail,
    targetResource: row.target_resource,
    targetType: row.target_type,
    rbacDecision: row.rbac_decision,
    rbacReason: row.rbac_reason,
    costMicro: row.cost_micro,
    tokensUsed: row.tokens_used,
    toolUseId: row.tool_use_id,
    context: row.context,
    recordedAt: row.recorded_at,
    source: row.source,
    principalId: row.principal_id,
    principalKind: row.principal_kind,
    principalRole: row.principal_role,
    route: row.route,
    outcome: row.outcome,
    traceId: row.trace_id,
    erased: row.erased === 1,
  };
}
