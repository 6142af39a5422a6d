import { Injectable } from '@nestjs/common';
import {
  Clock,
  type CopiesErased,
  CopyHolders,
  DomainError,
  type EntryToErase,
  type GivenAnswer,
  type TextCopies,
  type TransactionContext,
} from '#kernel';
import { storeOf, type StoreTransaction } from '#persistence';

interface Standing {
  readonly status: string;
  readonly requested_at: number;
  readonly expires_at: number;
  readonly decided_at: number | null;
}

/** Of what was asked for, and with it the hash that could tell whether a guess of it is right. */
const ERASE_REQUEST = `UPDATE approvals SET tool_name = '', tool_input = '', operation = NULL, root = NULL, cwd = NULL,
    session_id = NULL, reason = '', comment = NULL, request_hash = '', erased_at = ?,
    status = CASE WHEN status IN ('pending', 'approved') THEN 'expired' ELSE status END
  WHERE approval_id = ? AND (erased_at IS NULL OR tool_name <> '')`;
const ERASE_COMMENT = `UPDATE approvals SET comment = NULL, erased_at = COALESCE(erased_at, ?)
  WHERE approval_id = ? AND comment IS NOT NULL`;

/**
 * What an approval keeps of the texts of its entries: what was asked for, from the check and the request; what was said to
 * it, from the decision. Without its request it stands for nothing more, so whoever asks again asks anew.
 */
@Injectable()
export class ApprovalCopies implements TextCopies {
  readonly what = 'approvals';
  readonly order = 30;

  constructor(
    private readonly clock: Clock,
    holders: CopyHolders,
  ) {
    holders.add(this);
  }

  /** @throws DomainError `APPROVAL_PENDING`: whoever decides must see what they decide. */
  async erase(ctx: TransactionContext, { decided }: EntryToErase): Promise<CopiesErased> {
    const approvalId = decided && APPROVED.has(decided.type) ? decided.context['approval_id'] : null;
    if (!decided || typeof approvalId !== 'string') return { rows: 0 };
    const store = storeOf(ctx);
    const approval = await find(store, approvalId);
    if (!approval) return { rows: 0 };
    const now = this.clock.now();
    if (approval.status === 'pending' && approval.expires_at > now)
      throw new DomainError('APPROVAL_PENDING', 'An approval of this waits: decide it first.');
    const erase = decided.type === 'approval.decide' ? ERASE_COMMENT : ERASE_REQUEST;
    return { rows: await store.change(erase, [now, approvalId]), answers: answersOf(approvalId, approval) };
  }
}

const APPROVED = new Set(['rbac.check', 'approval.request', 'approval.decide']);

async function find(store: StoreTransaction, approvalId: string): Promise<Standing | undefined> {
  const [row] = await store.query<Standing>(
    'SELECT status, requested_at, expires_at, decided_at FROM approvals WHERE approval_id = ?',
    [approvalId],
  );
  return row;
}

/** Who asked for it and who decided were both shown it. */
function answersOf(id: string, { requested_at, decided_at }: Standing): GivenAnswer[] {
  return [requested_at, decided_at].flatMap((at) => (at === null ? [] : [{ id, at }]));
}
