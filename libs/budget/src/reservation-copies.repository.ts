import { Injectable } from '@nestjs/common';
import {
  type CopiesErased,
  CopyHolders,
  type EntryToErase,
  type TextCopies,
  type TransactionContext,
} from '#kernel';
import { storeOf } from '#persistence';

/** What a reservation keeps of the texts of its entry: the session. */
@Injectable()
export class ReservationCopies implements TextCopies {
  readonly what = 'reservations';
  readonly order = 25;

  constructor(holders: CopyHolders) {
    holders.add(this);
  }

  async erase(ctx: TransactionContext, { decided }: EntryToErase): Promise<CopiesErased> {
    const reservationId = decided?.type === 'budget.reserve' ? decided.context['reservation_id'] : null;
    if (typeof reservationId !== 'string') return { rows: 0 };
    const rows = await storeOf(ctx).change(
      'UPDATE budget_reservations SET session_id = NULL WHERE reservation_id = ? AND session_id IS NOT NULL',
      [reservationId],
    );
    return { rows };
  }
}
