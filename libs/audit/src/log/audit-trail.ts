import { Injectable } from '@nestjs/common';
import {
  AuditTrail,
  Clock,
  type EventDraft,
  newId,
  type PendingEvent,
  type TransactionContext,
} from '#kernel';
import { LogSink, type LogRecord } from './log-sink.js';
import { LogTail } from './log-tail.js';

/** Puts who, when and through which route to an event, and hands it to the log. */
@Injectable()
export class LogAuditTrail extends AuditTrail {
  private readonly sink: LogSink;

  constructor(
    private readonly clock: Clock,
    tail: LogTail,
  ) {
    super();
    this.sink = new LogSink((events) => tail.committed(events));
  }

  record(ctx: TransactionContext, draft: EventDraft): PendingEvent {
    const auditId = newId();
    const record: LogRecord = {
      auditId,
      event: null,
      draft: {
        auditId,
        agentId: draft.agent.agentId,
        agentName: draft.agent.name,
        agentRole: draft.agent.role,
        operationType: draft.operationType,
        operationDetail: draft.operationDetail ?? null,
        targetResource: draft.targetResource ?? null,
        targetType: draft.targetType ?? null,
        rbacDecision: draft.decision,
        rbacReason: draft.reason ?? null,
        costMicro: draft.costMicro ?? null,
        tokensUsed: draft.tokensUsed ?? null,
        toolUseId: draft.toolUseId ?? null,
        context: draft.context ?? null,
        recordedAt: this.clock.now(),
        source: draft.source,
        principalId: ctx.principal.id,
        principalKind: ctx.principal.kind,
        principalRole: ctx.principal.role,
        route: draft.source === 'decided' ? ctx.route : null,
        outcome: draft.outcome ?? null,
        traceId: ctx.traceId,
        erased: false,
      },
    };
    ctx.tx.add(this.sink, record);
    return record;
  }
}
