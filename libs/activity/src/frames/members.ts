import type { RecordedEvent } from '#kernel';
import { described, listOf, objectOf, text, uuid } from './schema.js';

/** Members that many frames have. */
export const AGENT_ID = text(
  "The agent's id; for one that is not registered, the text that it was named by.",
);
export const AGENT_NAME = text('Its name at that moment.');
export const AGENT_ROLE = text('Its role at that moment, or `unknown`.');
export const SESSION_ID = text('The session that it belongs to.');
export const AUDIT_ID = uuid('The entry of the audit trail that tells more.');
export const PRINCIPAL = described(
  'Who did it.',
  objectOf({
    id: text("The key's id, `local` without RBAC, `system` for the service itself."),
    kind: text('`anonymous`, `human`, `service`, `agent` or `system`.'),
    role: text('The role it acted in.'),
  }),
);
export const REDACTED = listOf(text('A kind.'), 'The kinds of secrets that were masked in its texts.');

export function principalOf(event: RecordedEvent): Record<string, string> {
  return { id: event.principalId, kind: event.principalKind, role: event.principalRole };
}
