import { type BudgetSnapshot, fromMicroUsd, RecordedRefusal } from '#kernel';
import type { ReservationRefusal } from './reservation.js';

/** No room for a reservation; says what is left, in words and as members. */
export class ReservationRefused extends RecordedRefusal {
  override readonly members: Readonly<Record<string, unknown>>;

  constructor(code: ReservationRefusal, agentName: string, left: BudgetSnapshot) {
    super(code, reasonOf(code, agentName, left));
    this.members = {
      remaining_cost: fromMicroUsd(left.remainingMicro),
      remaining_tokens: left.remainingTokens,
      // `status` is the problem's own.
      budget_status: left.status,
    };
  }
}

/** One sentence for a human. */
export function reasonOf(code: ReservationRefusal, agentName: string, left: BudgetSnapshot): string {
  if (code === 'TOO_MANY_RESERVATIONS')
    return `${agentName} has too many open reservations; settle them or let them run out.`;
  if (left.status === 'terminated') return `${agentName} has spent what ends its day.`;
  const tokens = left.remainingTokens === null ? '' : ` and ${left.remainingTokens} tokens of the session`;
  return `${agentName} has ${fromMicroUsd(left.remainingMicro)} USD${tokens} left to reserve.`;
}
