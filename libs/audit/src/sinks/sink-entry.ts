import type { EventDraft, OperationContext } from '#kernel';
import type { AuditSink } from './sink.js';
import { hostOf, kindOf } from './sink-target.js';

/** The entry about a change of a sink: of its target the host alone, since paths and queries may be secrets. */
export function toSinkEntry(
  { principal }: OperationContext,
  operationType: string,
  sink: AuditSink,
  more: object = {},
): EventDraft {
  const { agentId, operationTypes, decisions, source } = sink.filter;
  return {
    agent: { agentId: 'system', name: 'system', role: principal.role },
    operationType,
    operationDetail: sink.name,
    targetResource: sink.sinkId,
    targetType: 'sink',
    decision: 'allowed',
    source: 'decided',
    outcome: 'success',
    context: JSON.stringify({
      ...{ kind: kindOf(sink.target), host: hostOf(new URL(sink.target)), delivered_to: sink.deliveredTo },
      filter: { agent_id: agentId, operation_types: operationTypes, decisions, source },
      ...more,
    }),
  };
}
