import { Injectable } from '@nestjs/common';
import {
  AuditTrail,
  BudgetCalendar,
  Clock,
  newId,
  type Sink,
  type Transaction,
  type TransactionContext,
} from '#kernel';
import { insertRows, storeOf } from '#persistence';
import { PolicyInForce } from '#rbac';
import { recordReservation } from './budget-entries.js';
import type { ReservationDraft, ReservationOutcome, ReservationRefusal } from './reservation.js';
import { Standing } from './standing.js';

/** How many reservations of one agent may be open. */
const MAX_OPEN = 100;

/** A reservation on its way; the commit decides it. */
export interface PendingReservation {
  readonly ctx: TransactionContext;
  readonly draft: ReservationDraft;
  outcome: ReservationOutcome | null;
}

const COLUMNS = [
  'reservation_id',
  'account',
  'role',
  'session_id',
  'principal_id',
  'max_cost_micro',
  'max_tokens',
  'created_at',
  'expires_at',
];

/**
 * Grants reservations or refuses them. It comes after the ledger and so sees every charge and settlement of its
 * group, and it holds the lock that orders all writers: together reservations never exceed a limit.
 */
@Injectable()
export class ReservationSink implements Sink<PendingReservation> {
  readonly name = 'budget_reservations';
  readonly order = 30;

  constructor(
    private readonly audit: AuditTrail,
    private readonly policy: PolicyInForce,
    private readonly calendar: BudgetCalendar,
    private readonly clock: Clock,
  ) {}

  async flush(tx: Transaction, requests: readonly PendingReservation[]): Promise<void> {
    const store = storeOf(tx);
    const now = this.clock.now();
    const terms = { rules: this.policy.current.budgets, day: this.calendar.today(), now };
    const drafts = requests.map(({ draft }) => draft);
    const standing = await Standing.read(store, drafts, terms);
    const rows: unknown[][] = [];
    for (const request of requests) {
      const { ctx, draft } = request;
      const { agentId: account, role } = draft.agent;
      const refusal = refusalOf(draft, standing);
      const reservationId = newId();
      const expiresAt = now + draft.ttlMs;
      if (refusal === null) {
        const { sessionId, maxCostMicro, maxTokens } = draft;
        standing.hold({ account, role, sessionId, tokens: maxTokens, costMicro: maxCostMicro, count: 1 });
        const { id } = ctx.principal;
        rows.push([reservationId, account, role, sessionId, id, maxCostMicro, maxTokens, now, expiresAt]);
      }
      request.outcome = { refusal, reservationId, expiresAt, after: standing.of(draft) };
      recordReservation(this.audit, { ...ctx, tx }, draft, request.outcome);
    }
    if (rows.length > 0) await insertRows(store, 'budget_reservations', COLUMNS, rows);
  }
}

function refusalOf(draft: ReservationDraft, standing: Standing): ReservationRefusal | null {
  const { status, remainingMicro, remainingTokens } = standing.of(draft);
  const fits =
    status !== 'terminated' &&
    draft.maxCostMicro <= remainingMicro &&
    draft.maxTokens <= (remainingTokens ?? Infinity);
  if (!fits) return 'BUDGET_EXCEEDED';
  return standing.reservationsOf(draft.agent.agentId) < MAX_OPEN ? null : 'TOO_MANY_RESERVATIONS';
}
