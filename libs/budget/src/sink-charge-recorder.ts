import { Injectable } from '@nestjs/common';
import {
  AuditTrail,
  BudgetCalendar,
  type ChargeDraft,
  ChargeRecorder,
  type ChargeResult,
  Clock,
  toIndexedId,
  type TransactionContext,
} from '#kernel';
import { PolicyInForce } from '#rbac';
import { UNKNOWN_ACCOUNT } from './accounts.js';
import { LedgerSink } from './ledger-sink.js';

/** Hands charges to the group's ledger sink. */
@Injectable()
export class SinkChargeRecorder extends ChargeRecorder {
  private readonly sink: LedgerSink;

  constructor(audit: AuditTrail, policy: PolicyInForce, calendar: BudgetCalendar, clock: Clock) {
    super();
    this.sink = new LedgerSink(audit, policy, calendar, clock);
  }

  charge(ctx: TransactionContext, draft: ChargeDraft): ChargeResult {
    const result: ChargeResult = {
      charged: false,
      account: draft.agent?.agentId ?? UNKNOWN_ACCOUNT,
      tokensUsedToday: 0,
      costMicroToday: 0,
      remainingMicro: null,
      status: 'ok',
    };
    const indexed = {
      sessionId: toIndexedId(draft.sessionId),
      toolUseId: toIndexedId(draft.toolUseId),
      requestId: toIndexedId(draft.requestId),
    };
    ctx.tx.add(this.sink, { ctx, draft: { ...draft, ...indexed }, result });
    return result;
  }
}
