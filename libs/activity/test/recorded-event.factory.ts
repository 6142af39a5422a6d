import type { RecordedEvent } from '#kernel';

export const CODER = '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11';

/** A reported tool use, but for what is given. */
export function anEvent(changes: Partial<RecordedEvent> = {}): RecordedEvent {
  return {
    seq: 1,
    auditId: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
    agentId: CODER,
    agentName: 'coder',
    agentRole: 'developer',
    operationType: 'tool_use',
    operationDetail: 'Write: src/app.ts',
    targetResource: 'src/app.ts',
    targetType: 'file',
    rbacDecision: 'allowed',
    rbacReason: null,
    costMicro: null,
    tokensUsed: null,
    toolUseId: null,
    context: null,
    recordedAt: Date.UTC(2026, 0, 5, 10),
    source: 'reported',
    principalId: 'local',
    principalKind: 'anonymous',
    principalRole: 'admin',
    route: null,
    outcome: null,
    traceId: 't-1',
    erased: false,
    ...changes,
  };
}
