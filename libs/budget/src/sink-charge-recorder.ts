import { Injectable } from '@nestjs/common';
import {
  AuditTrail,
  BudgetCalendar,
  type ChargeDraft,
  ChargeRecorder,
  type ChargeResult,
  Clock,
  MaskedKinds,
  toIndexedId,
  type TransactionContext,
} from '#kernel';
import { PolicyInForce } from '#rbac';
import { UNKNOWN_ACCOUNT } from './accounts.js';
import { LedgerSink, type PendingCharge } from './ledger-sink.js';

/** Hands charges to the group's ledger sink. */
@Injectable()
export class SinkChargeRecorder extends ChargeRecorder {
  private readonly sink: LedgerSink;

  constructor(
    audit: AuditTrail,
    private readonly policy: PolicyInForce,
    calendar: BudgetCalendar,
    clock: Clock,
  ) {
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
    ctx.tx.add(this.sink, { ctx, ...this.kept(draft), result });
    return result;
  }

  /** The draft without secrets, its ids in the form that is indexed. */
  private kept(draft: ChargeDraft): Pick<PendingCharge, 'draft' | 'masked'> {
    const { redactor } = this.policy.current;
    const masked = new MaskedKinds();
    const text = (value: string | null): string | null => value && redactor.text(value, masked);
    /** Two that differ in their secrets alone would be one: they name no charge. */
    const name = (id: string | null): string | null => (text(id) === id ? toIndexedId(id) : null);
    const kept = {
      ...draft,
      toolName: text(draft.toolName),
      sessionId: toIndexedId(text(draft.sessionId)),
      toolUseId: name(draft.toolUseId),
      requestId: name(draft.requestId),
      clientTimestamp: text(draft.clientTimestamp),
      claimedAgent: text(draft.claimedAgent),
    };
    return { draft: kept, masked };
  }
}
