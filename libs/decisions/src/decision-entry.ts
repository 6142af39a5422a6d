import { createHash } from 'node:crypto';
import {
  type AgentRights,
  canonicalJson,
  type EventDraft,
  LIMITS,
  type MaskedKinds,
  type Redactor,
  toIndexedId,
  toStorable,
} from '#kernel';
import type { ActionRequest, BudgetView, Verdict } from '#rbac';

/** What the entry of a decision is made from. */
export interface DecisionFacts {
  readonly agent: EventDraft['agent'];
  readonly role: string | null;
  /** Null for an agent that is not registered. */
  readonly rights: AgentRights | null;
  readonly action: ActionRequest;
  readonly verdict: Verdict;
  readonly policyVersion: string;
  readonly budget: BudgetView | null;
  readonly requestHash: string;
  readonly sessionId: string | null;
  readonly toolUseId: string | null;
  readonly approvalId: string | null;
  /** Milliseconds UTC. */
  readonly expiresAt: number;
  /** What the client sent beside the question. */
  readonly context: Readonly<Record<string, unknown>> | null;
}

/** A decision's context in the log, from which it can be decided again. */
export interface DecisionContext {
  readonly request: Omit<ActionRequest, 'toolInput'> & { readonly toolInput: Record<string, unknown> | null };
  readonly subject: {
    readonly name: string;
    readonly role: string | null;
    readonly rights: AgentRights | null;
  };
  readonly budget: BudgetView | null;
  readonly step: string;
  readonly rule: string;
  readonly policy_version: string;
}

/** Texts of an input that are longer keep their head: only paths and commands decide, and they are shorter. */
const INPUT_TEXT_BYTES = 16 * 1024;
const OTHER_TEXT_BYTES = 512;
const CONTEXT_BYTES = 4 * 1024;

/** The facts without the secrets in what a client sent; agent and verdict come without any. */
export function withoutSecrets(facts: DecisionFacts, redactor: Redactor, masked: MaskedKinds): DecisionFacts {
  const { action, role, sessionId, toolUseId, context } = facts;
  const sent = redactor.value({ action, role, sessionId, toolUseId, context }, masked);
  return { ...facts, ...(sent as typeof facts) };
}

/**
 * The log's entry for a decision. What decides is kept whole.
 * @param facts without secrets.
 * @param redacted the kinds of those that were masked.
 */
export function toDecisionEntry(facts: DecisionFacts, redacted: readonly string[] | undefined): EventDraft {
  const { action, verdict, agent } = facts;
  const target =
    action.filePath ??
    textOf(action, 'file_path') ??
    textOf(action, 'notebook_path') ??
    textOf(action, 'path');
  const command = action.command ?? textOf(action, 'command');
  return {
    agent,
    operationType: 'rbac.check',
    operationDetail: stored(
      command === null ? action.toolName : `${action.toolName}: ${command}`,
      LIMITS.longTextBytes,
    ),
    targetResource: target === null ? null : stored(target, LIMITS.textBytes),
    targetType: target !== null ? 'file' : command !== null ? 'command' : 'tool',
    decision: verdict.decision,
    reason: stored(verdict.reason, LIMITS.textBytes),
    tokensUsed: null,
    toolUseId: toIndexedId(facts.toolUseId),
    context: JSON.stringify({ ...toContext(facts), redacted }),
    source: 'decided',
    outcome: verdict.decision,
  };
}

function toContext(facts: DecisionFacts): DecisionContext & Record<string, unknown> {
  const { verdict, action } = facts;
  return {
    request: {
      ...action,
      toolName: stored(action.toolName, LIMITS.textBytes),
      toolInput: action.toolInput && toKeptInput(action.toolInput),
      filePath: storedOrNull(action.filePath, INPUT_TEXT_BYTES),
      realPath: storedOrNull(action.realPath, INPUT_TEXT_BYTES),
      command: storedOrNull(action.command, INPUT_TEXT_BYTES),
      operation: storedOrNull(action.operation, LIMITS.textBytes),
      cwd: storedOrNull(action.cwd, LIMITS.textBytes),
      root: storedOrNull(action.root, LIMITS.textBytes),
    },
    subject: { name: facts.agent.name, role: facts.role, rights: facts.rights },
    budget: facts.budget,
    step: verdict.step,
    rule: verdict.rule,
    nearest: verdict.nearest ?? undefined,
    marks: verdict.marks.length > 0 ? verdict.marks : undefined,
    policy_version: facts.policyVersion,
    request_hash: facts.requestHash,
    session_id: storedOrNull(facts.sessionId, LIMITS.textBytes) ?? undefined,
    tool_use_id: storedOrNull(facts.toolUseId, LIMITS.textBytes) ?? undefined,
    approval_id: facts.approvalId ?? undefined,
    expires_at: facts.expiresAt,
    context: facts.context === null ? undefined : toKept(facts.context, CONTEXT_BYTES),
  };
}

/** An input with its long texts cut; members that hold more than text are kept as text where they are short. */
export function toKeptInput(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(input)) {
    const bytes = name === 'command' || name.endsWith('path') ? INPUT_TEXT_BYTES : OTHER_TEXT_BYTES;
    kept[stored(name, OTHER_TEXT_BYTES)] = toKept(value, bytes);
  }
  return kept;
}

function toKept(value: unknown, bytes: number): unknown {
  if (typeof value === 'string') return cut(value, bytes);
  if (value === null || typeof value !== 'object') return value;
  return cut(canonicalJson(value), bytes);
}

/** The text, or for a longer one its head, length and SHA-256: over what was masked, so that it lets nobody guess a secret. */
function cut(text: string, bytes: number): unknown {
  const clean = toStorable(text);
  if (clean.length * 3 <= bytes || Buffer.byteLength(clean) <= bytes) return clean;
  return {
    head: stored(clean, OTHER_TEXT_BYTES),
    bytes: Buffer.byteLength(clean),
    sha256: createHash('sha256').update(clean).digest('hex'),
  };
}

function stored(text: string, bytes: number): string {
  const clean = toStorable(text);
  if (clean.length * 3 <= bytes) return clean;
  // A character has three bytes at the most for each unit, so this never splits one into a lone surrogate.
  return toStorable(clean.slice(0, Math.floor(bytes / 3)));
}

function storedOrNull(text: string | null, bytes: number): string | null {
  return text === null ? null : stored(text, bytes);
}

function textOf({ toolInput }: ActionRequest, member: string): string | null {
  const value = toolInput?.[member];
  return typeof value === 'string' ? value : null;
}
