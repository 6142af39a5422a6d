import { Injectable } from '@nestjs/common';
import {
  AccessDenied,
  AgentDirectory,
  AgentNotFound,
  AuditTrail,
  ChargeRecorder,
  type ChargeResult,
  Clock,
  DomainError,
  MaskedKinds,
  type OperationContext,
  toIndexedId,
  toMicroUsd,
  TransactionRunner,
} from '#kernel';
import { PolicyInForce, requireOwnAgent } from '#rbac';
import { recordSettlement } from './budget-entries.js';
import type { ReserveBudgetRequest } from './dto/reserve-budget.request.js';
import type { SettleBudgetRequest } from './dto/settle-budget.request.js';
import { ReservationRefused } from './reservation-refused.js';
import type { ReservationOutcome } from './reservation.js';
import { type PendingReservation, ReservationSink } from './reservation-sink.js';
import { ReservationsRepository } from './reservations.repository.js';

const MS_PER_S = 1_000;

/** A reservation that was granted. */
export interface Reservation extends ReservationOutcome {
  readonly agentId: string;
  /** micro-USD. */
  readonly maxCostMicro: number;
  readonly maxTokens: number;
}

/** Sets budget aside before it is spent, and charges what it came to. */
@Injectable()
export class ReservationsService {
  constructor(
    private readonly sink: ReservationSink,
    private readonly repository: ReservationsRepository,
    private readonly charges: ChargeRecorder,
    private readonly transactions: TransactionRunner,
    private readonly agents: AgentDirectory,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly policy: PolicyInForce,
  ) {}

  /** @throws AgentNotFound, AccessDenied, ReservationRefused */
  async reserve(ctx: OperationContext, request: ReserveBudgetRequest): Promise<Reservation> {
    const agent = this.agents.resolve(request.agent_id);
    if (!agent) throw new AgentNotFound(request.agent_id);
    requireOwnAgent(ctx, agent.agentId);
    const masked = new MaskedKinds();
    const session = this.policy.current.redactor.text(request.session_id ?? '', masked);
    const draft = {
      agent,
      sessionId: toIndexedId(session),
      redacted: masked.list,
      maxCostMicro: toMicroUsd(request.max_cost_usd),
      maxTokens: request.max_tokens,
      ttlMs: request.ttl_s * MS_PER_S,
    };
    const { outcome } = await this.transactions.append(ctx, (tx) => {
      const pending: PendingReservation = { ctx: tx, draft, outcome: null };
      tx.tx.add(this.sink, pending);
      return pending;
    });
    if (!outcome) throw new Error('a committed reservation has not been decided');
    if (outcome.refusal) throw new ReservationRefused(outcome.refusal, agent.name, outcome.after);
    return {
      ...outcome,
      agentId: agent.agentId,
      maxCostMicro: draft.maxCostMicro,
      maxTokens: draft.maxTokens,
    };
  }

  /**
   * Charges what was spent, in full, be it more than was reserved or after the reservation's end; once.
   * @throws DomainError `RESERVATION_NOT_FOUND`, `RESERVATION_SETTLED`; AccessDenied for all but the reserver.
   */
  settle(ctx: OperationContext, request: SettleBudgetRequest): Promise<ChargeResult> {
    return this.transactions.run(ctx, async (tx) => {
      const { reservation_id: reservationId, tokens_used: tokensUsed } = request;
      const reservation = await this.repository.get(tx, reservationId);
      if (reservation.principal_id !== ctx.principal.id)
        throw new AccessDenied('Only who reserved settles the reservation.');
      if (reservation.settled_at !== null)
        throw new DomainError('RESERVATION_SETTLED', 'The reservation was settled before.');
      const costMicro = toMicroUsd(request.cost_usd);
      const settlement = { reservationId, costMicro, tokensUsed, settledAt: this.clock.now() };
      await this.repository.settle(tx, settlement);
      // As with any spending, what a retired agent spent is booked to the account `unknown`.
      const agent = this.agents.resolve(reservation.account);
      recordSettlement(this.audit, tx, agent, reservation, settlement);
      return this.charges.charge(tx, {
        agent,
        source: 'settle',
        tokensUsed,
        costMicro,
        toolName: null,
        sessionId: reservation.session_id,
        toolUseId: null,
        requestId: null,
        clientTimestamp: null,
        claimedAgent: agent ? null : reservation.account,
        reservationId,
      });
    });
  }
}
