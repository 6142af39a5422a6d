import type { RecordedEvent } from '#kernel';

/**
 * What an entry says of its agent's life. `operation`: it did or asked something. `account`: what that used or showed was noted
 * beside it. Activation and completion are such signs too, the others are none.
 */
export type EntryKind =
  'operation' | 'account' | 'activation' | 'completion' | 'retirement' | 'idle' | 'other';

/**
 * Of what this service did or decided. What administrators do with an agent is no sign of its life; what follows from another
 * entry, as a step of the budget does, names no session and stands beside one that does.
 */
const DECIDED: ReadonlyMap<string, EntryKind> = new Map<string, EntryKind>([
  ['agent.activate', 'activation'],
  ['agent.complete', 'completion'],
  ['agent.retire', 'retirement'],
  ['agent.idle', 'idle'],
  ['rbac.check', 'operation'],
  ['metric.record', 'account'],
  ['budget.deduct', 'account'],
  ['budget.reserve', 'account'],
]);

/** Whatever operation type a client reports, its report is never taken for something this service did. */
export function kindOf({
  source,
  operationType,
}: Pick<RecordedEvent, 'source' | 'operationType'>): EntryKind {
  return source === 'reported' ? 'operation' : (DECIDED.get(operationType) ?? 'other');
}
