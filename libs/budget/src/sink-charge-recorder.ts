import { createHash } from 'node:crypto';
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

/** Longer ones stand in the ledger as their digest: an index page of PostgreSQL bounds what is indexed. */
const MAX_ID_BYTES = 512;

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
    const toolUseId = toLedgerId(draft.toolUseId);
    const requestId = toLedgerId(draft.requestId);
    const day = this.calendar.today();
    ctx.tx.add(this.sink, { ctx, draft: { ...draft, toolUseId, requestId }, day, result });
    return result;
  }
}

/** An identifier as the ledger has it. An empty one identifies nothing: charges that carry it are not the same. */
function toLedgerId(id: string | null): string | null {
  if (id === null || id === '') return null;
  if (Buffer.byteLength(id) <= MAX_ID_BYTES) return id;
  return `sha256:${createHash('sha256').update(id).digest('hex')}`;
}
