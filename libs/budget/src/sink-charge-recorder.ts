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
import { LedgerSink, UNKNOWN_ACCOUNT } from './ledger-sink.js';

/** Hands charges to the group's ledger sink. */
@Injectable()
export class SinkChargeRecorder extends ChargeRecorder {
  private readonly sink: LedgerSink;

  constructor(
    private readonly calendar: BudgetCalendar,
    audit: AuditTrail,
    clock: Clock,
  ) {
    super();
    this.sink = new LedgerSink(audit, clock);
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
    ctx.tx.add(this.sink, { ctx, draft, day: this.calendar.today(), result });
    return result;
  }
}
