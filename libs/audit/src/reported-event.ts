import { createHash } from 'node:crypto';
import {
  AgentDirectory,
  type EventDraft,
  LIMITS,
  type Principal,
  toIndexedId,
  toMicroUsd,
  toStorable,
} from '#kernel';
import type { IngestEventRequest } from './dto/ingest-event.request.js';

/** Indexed texts must fit an index page of PostgreSQL (2,704 bytes). */
const INDEXED_BYTES = 2 * 1024;
/** What a context that is too large keeps of its JSON text; as a JSON string it may grow to twice that. */
const CONTEXT_HEAD_BYTES = 24 * 1024;

interface Cut {
  readonly bytes: number;
  readonly sha256: string;
}

/** What had to be done to an event so that it could be kept; goes into the entry's context. */
class Notes {
  private members: Record<string, unknown> | null = null;

  note(name: string, value: unknown): void {
    (this.members ??= Object.create(null) as Record<string, unknown>)[name] = value;
  }

  cut(name: string, cut: Cut): void {
    const all = (this.members?.['truncated'] ?? {}) as Record<string, Cut>;
    this.note('truncated', { ...all, [name]: cut });
  }

  replaced(name: string): void {
    const all = (this.members?.['replaced'] ?? []) as string[];
    if (!all.includes(name)) this.note('replaced', [...all, name]);
  }

  /** `context` with the notes over it, as JSON text; null where there is neither. */
  over(context: Record<string, unknown> | undefined): string | null {
    if (!this.members) return context === undefined ? null : JSON.stringify(context);
    return JSON.stringify(Object.assign(Object.create(null), context, this.members));
  }
}

/**
 * The entry for an event that a client reports. Nothing is refused for its length or its characters: text over
 * its limit keeps its head, what cannot be stored is replaced, and the context says so.
 */
export function toReportedEvent(
  request: IngestEventRequest,
  principal: Principal,
  agents: AgentDirectory,
): EventDraft {
  const notes = new Notes();
  const text = (name: keyof IngestEventRequest, maxBytes: number): string | null => {
    const value = request[name];
    return typeof value === 'string' ? keep(name, value, maxBytes, notes) : null;
  };
  // An empty reference names nobody.
  const claimed = text('agent_id', INDEXED_BYTES) || null;
  const given = claimed ?? 'unknown';
  const own = principal.agentId !== null;
  const agent = agents.resolve(principal.agentId ?? given);
  if (own && claimed !== null && agents.idFor(claimed) !== principal.agentId)
    notes.note('claimed_agent', claimed);
  const role = text('agent_role', LIMITS.textBytes);
  if (agent && role !== null && role !== agent.role) notes.note('claimed_role', role);
  if (request.extra) notes.note('extra', mended('extra', request.extra, notes, 2));
  const draft = {
    agent: {
      agentId: agent?.agentId ?? principal.agentId ?? given,
      name: (own ? null : text('agent_name', LIMITS.textBytes)) ?? agent?.name ?? principal.agentId ?? given,
      role: agent?.role ?? role ?? 'unknown',
    },
    operationType: text('operation_type', INDEXED_BYTES) ?? 'unknown',
    operationDetail: text('operation_detail', LIMITS.longTextBytes),
    targetResource: text('target_resource', LIMITS.textBytes),
    targetType: text('target_type', LIMITS.textBytes),
    decision: request.rbac_decision ?? 'unknown',
    reason: text('rbac_reason', LIMITS.textBytes),
    costMicro: request.cost_usd === undefined ? null : toMicroUsd(request.cost_usd),
    tokensUsed: request.tokens_used ?? null,
    toolUseId: toolUseIdOf(request),
    source: 'reported' as const,
  };
  return { ...draft, context: keepContext(request.context, notes) };
}

function toolUseIdOf({ context }: IngestEventRequest): string | null {
  const id = context?.['tool_use_id'];
  return typeof id === 'string' ? toIndexedId(id) : null;
}

function keep(name: string, value: string, maxBytes: number, notes: Notes): string {
  const { head, cut } = cutTo(mendedText(name, value, notes), maxBytes);
  if (cut) notes.cut(name, cut);
  return head;
}

function keepContext(context: Record<string, unknown> | undefined, notes: Notes): string | null {
  const given =
    context === undefined ? undefined : (mended('context', context, notes) as Record<string, unknown>);
  const text = notes.over(given);
  if (text === null) return null;
  const { cut, head } = cutTo(text, LIMITS.longTextBytes, CONTEXT_HEAD_BYTES);
  if (!cut) return text;
  notes.note('extra', undefined);
  notes.note('head', head);
  notes.cut('context', cut);
  return notes.over(undefined);
}

/** The value of member `name` with unstorable text replaced and what nests too deep left out. */
function mended(name: string, value: unknown, notes: Notes, depth = 1): unknown {
  if (typeof value === 'string') return mendedText(name, value, notes);
  if (value === null || typeof value !== 'object') return value;
  if (depth > LIMITS.depth) {
    notes.note('too_deep', true);
    return null;
  }
  if (Array.isArray(value)) return value.map((item) => mended(name, item, notes, depth + 1));
  const object = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    object[mendedText(name, key, notes)] = mended(name, member, notes, depth + 1);
  }
  return object;
}

function mendedText(name: string, text: string, notes: Notes): string {
  const storable = toStorable(text);
  if (storable !== text) notes.replaced(name);
  return storable;
}

/** The head of `text` that fits, never splitting a character, and what was cut off. */
function cutTo(text: string, maxBytes: number, headBytes = maxBytes): { head: string; cut: Cut | null } {
  if (text.length * 3 <= maxBytes) return { head: text, cut: null };
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return { head: text, cut: null };
  let end = headBytes;
  // Continuation bytes are 10xxxxxx (RFC 3629, section 3).
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { head: bytes.toString('utf8', 0, end), cut: { bytes: bytes.length, sha256 } };
}
