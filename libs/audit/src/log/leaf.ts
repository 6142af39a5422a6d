import { hash as digest } from 'node:crypto';
import { type RecordedEvent, takeRandom } from '#kernel';

const TEXT_PREFIX = Buffer.from([0x02]);
const SALT_BYTES = 32;

/** What binds an entry's content into the log; all in base64. */
export interface Seal {
  readonly textSalt: string;
  readonly textHash: string;
  readonly leafHash: string;
}

/** The free texts of an entry: an RFC 8785 object of strings, absent ones left out. They can be erased later. */
export function textBody(event: RecordedEvent): string {
  return JSON.stringify({
    context: event.context ?? undefined,
    detail: event.operationDetail ?? undefined,
    reason: event.rbacReason ?? undefined,
    resource: event.targetResource ?? undefined,
    tool_use_id: event.toolUseId ?? undefined,
  });
}

/** SHA-256(0x02 ‖ salt ‖ UTF-8 of the text body), base64. */
export function hashText(salt: Buffer, body: string): string {
  return digest('sha256', Buffer.concat([TEXT_PREFIX, salt, Buffer.from(body)]), 'base64');
}

/**
 * The leaf: one flat RFC 8785 object of strings and safe integers, members in code-unit order, absent ones left
 * out. Free text is in it only through `text_hash`.
 */
export function leafBody(event: RecordedEvent, textHash: string): string {
  return JSON.stringify({
    agent_id: event.agentId,
    agent_name: event.agentName,
    agent_role: event.agentRole,
    audit_id: event.auditId,
    cost_micro: event.costMicro ?? undefined,
    operation_type: event.operationType,
    outcome: event.outcome ?? undefined,
    principal_id: event.principalId,
    principal_kind: event.principalKind,
    principal_role: event.principalRole,
    rbac_decision: event.rbacDecision,
    recorded_at: event.recordedAt,
    route: event.route ?? undefined,
    seq: event.seq,
    source: event.source,
    target_type: event.targetType ?? undefined,
    text_hash: textHash,
    tokens_used: event.tokensUsed ?? undefined,
    trace_id: event.traceId,
    v: 1,
  });
}

/** The leaf hash of RFC 9162, section 2.1.1: SHA-256(0x00 ‖ leaf), base64. */
export function hashLeaf(body: string): string {
  return digest('sha256', `\0${body}`, 'base64');
}

/** Salts and hashes an entry whose place in the log is settled. */
export function seal(event: RecordedEvent): Seal {
  const salt = takeRandom(SALT_BYTES);
  const textHash = hashText(salt, textBody(event));
  return { textSalt: salt.toString('base64'), textHash, leafHash: hashLeaf(leafBody(event, textHash)) };
}
