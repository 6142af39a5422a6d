import { createHash } from 'node:crypto';
import {
  AgentDirectory,
  type EventDraft,
  LIMITS,
  MaskedKinds,
  Members,
  type Principal,
  type Redactor,
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
  readonly masked = new MaskedKinds();
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
    const { list } = this.masked;
    if (list) this.note('redacted', list);
    if (!this.members) return context === undefined ? null : JSON.stringify(context);
    return JSON.stringify(Object.assign(Object.create(null), context, this.members));
  }
}

/**
 * The entry for an event that a client reports. Nothing is refused for its length or its characters: text over
 * its limit keeps its head, what cannot be stored is replaced, secrets are masked, and the context says so. Masking comes
 * before cutting: no part of a secret is left at an end, and no length or SHA-256 is that of a text with one.
 */
export function toReportedEvent(
  request: IngestEventRequest,
  principal: Principal,
  agents: AgentDirectory,
  redactor: Redactor,
): EventDraft {
  const notes = new Notes();
  const clean = new Cleaning(redactor, notes);
  const text = (name: keyof IngestEventRequest, maxBytes: number): string | null => {
    const value = request[name];
    return typeof value === 'string' ? keep(name, value, maxBytes, clean) : null;
  };
  // An empty reference names nobody.
  const claimed = text('agent_id', INDEXED_BYTES) || null;
  const given = claimed ?? 'unknown';
  const own = principal.agentId !== null;
  // Whom it names is asked with the name as it was sent, whatever is masked in what is kept of it.
  const reference = request.agent_id || 'unknown';
  const agent = agents.resolve(principal.agentId ?? reference);
  if (own && claimed !== null && agents.idFor(reference) !== principal.agentId)
    notes.note('claimed_agent', claimed);
  const role = text('agent_role', LIMITS.textBytes);
  if (agent && role !== null && role !== agent.role) notes.note('claimed_role', role);
  if (request.extra) notes.note('extra', clean.value('extra', request.extra, 2));
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
    toolUseId: toolUseIdOf(request, redactor),
    source: 'reported' as const,
  };
  return { ...draft, context: keepContext(request.context, clean) };
}

function toolUseIdOf({ context }: IngestEventRequest, redactor: Redactor): string | null {
  const id = context?.['tool_use_id'];
  return typeof id === 'string' ? toIndexedId(redactor.text(id)) : null;
}

function keep(name: string, value: string, maxBytes: number, clean: Cleaning): string {
  const { head, cut } = cutTo(clean.text(name, value), maxBytes);
  if (cut) clean.notes.cut(name, cut);
  return head;
}

function keepContext(context: Record<string, unknown> | undefined, clean: Cleaning): string | null {
  const { notes } = clean;
  const given =
    context === undefined ? undefined : (clean.value('context', context) as Record<string, unknown>);
  // What was masked is for us to say; what the client says of it is its claim.
  if (given && 'redacted' in given) {
    notes.note('claimed_redacted', given['redacted']);
    delete given['redacted'];
  }
  const text = notes.over(given);
  if (text === null) return null;
  const { cut, head } = cutTo(text, LIMITS.longTextBytes, CONTEXT_HEAD_BYTES);
  if (!cut) return text;
  notes.note('extra', undefined);
  notes.note('claimed_redacted', undefined);
  notes.note('head', head);
  notes.cut('context', cut);
  return notes.over(undefined);
}

/** What is kept of a client's texts: storable and without secrets. */
class Cleaning {
  constructor(
    private readonly redactor: Redactor,
    readonly notes: Notes,
  ) {}

  text(name: string, text: string): string {
    return this.redactor.text(this.storable(name, text), this.notes.masked);
  }

  /** The value of member `name`; what nests too deep is left out. */
  value(name: string, value: unknown, depth = 1, isSecret = false): unknown {
    if (typeof value === 'string')
      return isSecret ? this.redactor.whole(value, this.notes.masked) : this.text(name, value);
    if (value === null || typeof value !== 'object') return value;
    if (depth > LIMITS.depth) {
      this.notes.note('too_deep', true);
      return null;
    }
    if (Array.isArray(value)) return value.map((item) => this.value(name, item, depth + 1, isSecret));
    const members = new Members();
    for (const key of Object.keys(value)) {
      const member = (value as Record<string, unknown>)[key];
      const secret = isSecret || this.redactor.isSecretName(key);
      const shown = this.redactor.name(this.storable(name, key), this.notes.masked);
      members.set(shown, this.value(name, member, depth + 1, secret));
    }
    return members.object;
  }

  private storable(name: string, text: string): string {
    const storable = toStorable(text);
    if (storable !== text) this.notes.replaced(name);
    return storable;
  }
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
