import type { RecordedEvent } from '#kernel';
import type { AuditEntryResponse } from '../dto/audit-entry.response.js';
import { toAuditEntryResponse } from '../dto/audit-entry.response.js';

const SHA256 = /^[A-Za-z0-9+/]{43}=$/;

interface HeadLine {
  readonly type: 'export';
  readonly version: number;
  readonly origin: string;
  readonly tree_size: number;
  readonly after_seq: number;
  readonly filter: object;
}

export interface EntryLine {
  readonly type: 'entry';
  readonly entry: AuditEntryResponse;
  readonly leaf: string;
  readonly text: { readonly salt: string; readonly body: string } | null;
  readonly leaf_index: number;
  readonly leaf_hash: string;
}

export interface GapLine {
  readonly type: 'gap';
  readonly from: number;
  readonly to: number;
  readonly hashes: readonly string[];
}

interface CheckpointLine {
  readonly type: 'checkpoint';
  readonly checkpoint: string;
}

/** A line of an export. */
export type ExportLine = HeadLine | EntryLine | GapLine | CheckpointLine;

type Check = (value: unknown) => boolean;

const isString: Check = (value) => typeof value === 'string';
const isBase64: Check = (value) =>
  typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value;
const isHash: Check = (value) => typeof value === 'string' && SHA256.test(value) && isBase64(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** Whether it has these members, in this order, and no others. */
const hasMembers = (value: unknown, members: Readonly<Record<string, Check>>): boolean =>
  isObject(value) &&
  Object.keys(value).join() === Object.keys(members).join() &&
  Object.entries(members).every(([name, holds]) => holds(value[name]));

/** The members of each type of line, in their order. */
const MEMBERS: Readonly<Record<ExportLine['type'], Readonly<Record<string, Check>>>> = {
  export: {
    ...{ type: isString, version: isCount, origin: isString, tree_size: isCount, after_seq: isCount },
    filter: (value) => isObject(value) && Object.values(value).every(isString),
  },
  entry: {
    ...{ type: isString, entry: isObject, leaf: isBase64 },
    // A salt has 32 bytes, as a hash has.
    text: (value) => value === null || hasMembers(value, { salt: isHash, body: isString }),
    ...{ leaf_index: isCount, leaf_hash: isHash },
  },
  gap: {
    ...{ type: isString, from: isCount, to: isCount },
    hashes: (value) => Array.isArray(value) && value.every(isHash),
  },
  checkpoint: { type: isString, checkpoint: isString },
};

const isType = (value: unknown): value is ExportLine['type'] =>
  typeof value === 'string' && Object.hasOwn(MEMBERS, value);

/**
 * @param text exactly as an export has it: other readers of JSON could take another text of the same values for something else,
 * such as one with a member twice.
 * @returns null for what is no line of an export.
 */
export function parseExportLine(text: string): ExportLine | null {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(line) || !isType(line['type']) || !hasMembers(line, MEMBERS[line['type']])) return null;
  return JSON.stringify(line) === text ? (line as unknown as ExportLine) : null;
}

/** The members of a leaf, as it should hold them. */
interface StatedLeaf {
  readonly seq: number;
  readonly audit_id: string;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly agent_role: string;
  readonly operation_type: string;
  readonly target_type?: string;
  readonly rbac_decision: string;
  readonly cost_micro?: number;
  readonly tokens_used?: number;
  readonly recorded_at: number;
  readonly source: RecordedEvent['source'];
  readonly principal_id: string;
  readonly principal_kind: string;
  readonly principal_role: string;
  readonly route?: string;
  readonly outcome?: string;
  readonly trace_id: string;
}

/** The entry as people read it, out of what is proved. @throws where that is not of the form it should be. */
export function readableEntry(leaf: Record<string, unknown>, body: string | null): AuditEntryResponse {
  const text = (body === null ? {} : JSON.parse(body)) as Record<string, string | undefined>;
  const stated = leaf as unknown as StatedLeaf;
  const event: RecordedEvent = {
    seq: stated.seq,
    auditId: stated.audit_id,
    agentId: stated.agent_id,
    agentName: stated.agent_name,
    agentRole: stated.agent_role,
    operationType: stated.operation_type,
    operationDetail: text['detail'] ?? null,
    targetResource: text['resource'] ?? null,
    targetType: stated.target_type ?? null,
    rbacDecision: stated.rbac_decision,
    rbacReason: text['reason'] ?? null,
    costMicro: stated.cost_micro ?? null,
    tokensUsed: stated.tokens_used ?? null,
    toolUseId: text['tool_use_id'] ?? null,
    context: text['context'] ?? null,
    recordedAt: stated.recorded_at,
    source: stated.source,
    principalId: stated.principal_id,
    principalKind: stated.principal_kind,
    principalRole: stated.principal_role,
    route: stated.route ?? null,
    outcome: stated.outcome ?? null,
    traceId: stated.trace_id,
    erased: body === null,
  };
  return toAuditEntryResponse(event);
}
