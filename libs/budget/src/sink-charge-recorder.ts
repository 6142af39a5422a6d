import { Injectable } from '@nestjs/common';
import {
  AuditTrail,
  BudgetCalendar,
  type ChargeDraft,
  ChargeRecorder,
  type ChargeResult,
  Clock,
  type TransactionContext,
} from '#kernel';
import { PolicyInForce } from '#rbac';
import { UNKNOWN_ACCOUNT, windowsOf } from './accounts.js';
import { toLedgerId } from './ledger-id.js';
import { LedgerSink } from './ledger-sink.js';

/** Hands charges to the group's ledger sink. */
@Injectable()
export class SinkChargeRecorder extends ChargeRecorder {
  private readonly sink: LedgerSink;

  constructor(
    private readonly calendar: BudgetCalendar,
    audit: AuditTrail,
    policy: PolicyInForce,
    clock: Clock,
  ) {
    super();
    this.sink = new LedgerSink(audit, policy, clock);
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
    const toolUseId = toLedgerId(draft.toolUseId);
    const requestId = toLedgerId(draft.requestId);
    const day = this.calendar.today();
    const windows = windowsOf(result.account, draft.agent?.role ?? null, draft.sessionId, day);
    ctx.tx.add(this.sink, { ctx, draft: { ...draft, toolUseId, requestId }, day, windows, result });
    return result;
  }
}
