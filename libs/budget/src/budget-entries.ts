import { formatTime } from '#contract';
import {
  type AgentRef,
  type AuditTrail,
  type ChargeDraft,
  type ChargeResult,
  fromMicroUsd,
  type TransactionContext,
} from '#kernel';
import { UNKNOWN_ACCOUNT } from './accounts.js';
import type { EscalationStep } from './budget-status.js';
import { reasonOf } from './reservation-refused.js';
import type { ReservationDraft, ReservationOutcome } from './reservation.js';
import type { ReservationRow, Settlement } from './reservations.repository.js';

const UNKNOWN_AGENT = { agentId: UNKNOWN_ACCOUNT, name: UNKNOWN_ACCOUNT, role: 'unknown' };

/** Records a charge; the context is the data of its frame. */
export function recordCharge(
  audit: AuditTrail,
  ctx: TransactionContext,
  draft: ChargeDraft,
  result: ChargeResult,
  redacted: readonly string[] | undefined,
): void {
  const { agent } = draft;
  audit.record(ctx, {
    agent: agent ?? UNKNOWN_AGENT,
    operationType: 'budget.deduct',
    operationDetail: draft.toolName,
    targetResource: result.account,
    targetType: 'budget',
    decision: 'allowed',
    costMicro: draft.costMicro,
    tokensUsed: draft.tokensUsed,
    context: JSON.stringify({
      agent_id: result.account,
      agent_name: agent?.name ?? UNKNOWN_ACCOUNT,
      tokens_used_today: result.tokensUsedToday,
      cost_used_today: fromMicroUsd(result.costMicroToday),
      remaining_cost: result.remainingMicro === null ? null : fromMicroUsd(result.remainingMicro),
      status: result.status,
      source: draft.source,
      session_id: draft.sessionId ?? undefined,
      tool_use_id: draft.toolUseId ?? undefined,
      request_id: draft.requestId ?? undefined,
      reservation_id: draft.reservationId,
      claimed_agent: draft.claimedAgent ?? undefined,
      redacted,
    }),
    source: 'decided',
    outcome: 'success',
  });
}

/** Records that a charge took an agent over a step of its day; the context is the data of its frame. */
export function recordStep(
  audit: AuditTrail,
  ctx: TransactionContext,
  agent: AgentRef,
  { sessionId }: Pick<ChargeDraft, 'sessionId'>,
  step: EscalationStep,
  result: ChargeResult,
): void {
  audit.record(ctx, {
    agent,
    operationType: 'budget.threshold',
    operationDetail: step.name,
    targetResource: agent.agentId,
    targetType: 'budget',
    decision: 'allowed',
    context: JSON.stringify({
      agent_id: agent.agentId,
      agent_name: agent.name,
      step: step.name,
      cost_used_today: fromMicroUsd(result.costMicroToday),
      limit: fromMicroUsd(step.limitMicro),
      session_id: sessionId ?? undefined,
    }),
    source: 'decided',
    outcome: 'success',
  });
}

/** Records a reservation, or that there was no room for it. */
export function recordReservation(
  audit: AuditTrail,
  ctx: TransactionContext,
  { agent, sessionId, redacted, maxCostMicro, maxTokens }: ReservationDraft,
  { refusal, reservationId, expiresAt, after }: ReservationOutcome,
): void {
  audit.record(ctx, {
    agent,
    operationType: 'budget.reserve',
    targetResource: agent.agentId,
    targetType: 'budget',
    decision: refusal ? 'denied' : 'allowed',
    reason: refusal && reasonOf(refusal, agent.name, after),
    context: JSON.stringify({
      agent_id: agent.agentId,
      agent_name: agent.name,
      ...(refusal ? { code: refusal } : { reservation_id: reservationId, expires_at: formatTime(expiresAt) }),
      max_cost_usd: fromMicroUsd(maxCostMicro),
      max_tokens: maxTokens,
      session_id: sessionId ?? undefined,
      redacted,
      remaining_cost: fromMicroUsd(after.remainingMicro),
      remaining_tokens: after.remainingTokens,
      status: after.status,
    }),
    source: 'decided',
    outcome: refusal ? 'denied' : 'success',
  });
}

/** Records the end of a reservation; the amounts that count are those of its charge, which has an entry of its own. */
export function recordSettlement(
  audit: AuditTrail,
  ctx: TransactionContext,
  agent: AgentRef | null,
  reservation: ReservationRow,
  { reservationId, costMicro, tokensUsed, settledAt }: Settlement,
): void {
  audit.record(ctx, {
    agent: agent ?? UNKNOWN_AGENT,
    operationType: 'budget.settle',
    targetResource: reservation.account,
    targetType: 'budget',
    decision: 'allowed',
    context: JSON.stringify({
      reservation_id: reservationId,
      max_cost_usd: fromMicroUsd(reservation.max_cost_micro),
      max_tokens: reservation.max_tokens,
      cost_usd: fromMicroUsd(costMicro),
      tokens_used: tokensUsed,
      late: settledAt >= reservation.expires_at,
      session_id: reservation.session_id ?? undefined,
    }),
    source: 'decided',
    outcome: 'success',
  });
}
