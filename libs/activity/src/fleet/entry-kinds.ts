import type { RecordedEvent } from '#kernel';

/**
 * What an entry says of its agent's life. `operation`: it did or asked something. `account`: what that used or led to was noted
 * beside it. Activation and completion are such signs too, the others are none. `note`: it stands in the session that it names.
 */
export type EntryKind =
  'operation' | 'account' | 'activation' | 'completion' | 'retirement' | 'note' | 'other';

/**
 * Of what this service did or decided. What people do with an agent is no sign of its life, and neither is what this service
 * says about it.
 */
const DECIDED: ReadonlyMap<string, EntryKind> = new Map<string, EntryKind>([
  ['agent.activate', 'activation'],
  ['agent.complete', 'completion'],
  ['agent.retire', 'retirement'],
  ['agent.idle', 'note'],
  ['rbac.check', 'operation'],
  ['metric.record', 'account'],
  ['budget.deduct', 'account'],
  ['budget.reserve', 'account'],
  ['approval.request', 'account'],
  ['approval.decide', 'note'],
  ['budget.threshold', 'note'],
  ['budget.settle', 'note'],
  ['tool_use.executed_differs', 'note'],
  ['tool_use.executed_denied', 'note'],
  ['tool_use.ungated', 'note'],
]);

/** Whatever operation type a client reports, its report is never taken for something this service did. */
export function kindOf({
  source,
  operationType,
}: Pick<RecordedEvent, 'source' | 'operationType'>): EntryKind {
  return source === 'reported' ? 'operation' : (DECIDED.get(operationType) ?? 'other');
}
