import { Injectable } from '@nestjs/common';
import { DomainError, type TransactionContext } from '#kernel';
import { storeOf } from '#persistence';

/** A reservation, as settling it needs it. */
export interface ReservationRow {
  readonly account: string;
  readonly session_id: string | null;
  readonly principal_id: string;
  readonly max_cost_micro: number;
  readonly max_tokens: number;
  /** Milliseconds UTC. */
  readonly expires_at: number;
  readonly settled_at: number | null;
}

/** What a reservation came to; amounts in the store's units. */
export interface Settlement {
  readonly reservationId: string;
  readonly costMicro: number;
  readonly tokensUsed: number;
  /** Milliseconds UTC. */
  readonly settledAt: number;
}

/** Reads and settles reservations inside a transaction; their sink adds them. */
@Injectable()
export class ReservationsRepository {
  /** @throws DomainError `RESERVATION_NOT_FOUND` */
  async get(ctx: TransactionContext, reservationId: string): Promise<ReservationRow> {
    const [row] = await storeOf(ctx).query<ReservationRow>(
      `SELECT account, session_id, principal_id, max_cost_micro, max_tokens, expires_at, settled_at
       FROM budget_reservations WHERE reservation_id = ?`,
      [reservationId],
    );
    if (row) return row;
    const named = JSON.stringify(reservationId.slice(0, 100));
    throw new DomainError('RESERVATION_NOT_FOUND', `There is no reservation ${named}.`);
  }

  async settle(ctx: TransactionContext, settlement: Settlement): Promise<void> {
    const { reservationId, costMicro, tokensUsed, settledAt } = settlement;
    await storeOf(ctx).query(
      `UPDATE budget_reservations SET settled_cost_micro = ?, settled_tokens = ?, settled_at = ?
       WHERE reservation_id = ?`,
      [costMicro, tokensUsed, settledAt, reservationId],
    );
  }
}
