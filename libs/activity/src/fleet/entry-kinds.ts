import type { RecordedEvent } from '#kernel';

/**
 * What an entry says of its agent's life. `operation`: it did or asked something. `account`: what that used or showed was noted
 * beside it. Activation and completion are such signs too, the others are none.
 */
export type EntryKind =
  'operation' | 'account' | 'activation' | 'completion' | 'retirement' | 'idle' | 'other';

/** Of what this service did or decided. What administrators do with an agent is no sign of its life. */
const DECIDED: ReadonlyMap<string, EntryKind> = new Map<string, EntryKind>([
  ['agent.activate', 'activation'],
  ['agent.complete', 'completion'],
  ['agent.retire', 'retirement'],
  ['agent.idle', 'idle'],
  ['rbac.check', 'operation'],
  ['approval.request', 'operation'],
  ['metric.record', 'account'],
  ['budget.deduct', 'account'],
  ['budget.reserve', 'account'],
  ['budget.settle', 'account'],
  ['budget.threshold', 'account'],
  ['tool_use.executed_differs', 'account'],
  ['tool_use.executed_denied', 'account'],
  ['tool_use.ungated', 'account'],
]);

/** Whatever operation type a client reports, its report is never taken for something this service did. */
export function kindOf({
  source,
  operationType,
}: Pick<RecordedEvent, 'source' | 'operationType'>): EntryKind {
  return source === 'reported' ? 'operation' : (DECIDED.get(operationType) ?? 'other');
}
