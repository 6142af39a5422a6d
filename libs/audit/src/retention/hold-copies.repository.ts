import { Injectable } from '@nestjs/common';
import {
  type CopiesErased,
  CopyHolders,
  type EntryToErase,
  type TextCopies,
  type TransactionContext,
} from '#kernel';
import { storeOf } from '#persistence';

const OF_HOLDS = new Set(['audit.hold', 'audit.release']);

/** What a hold keeps of the texts of its entries: why it was placed. It stays in force. */
@Injectable()
export class HoldCopies implements TextCopies {
  readonly what = 'holds';
  readonly order = 50;

  constructor(holders: CopyHolders) {
    holders.add(this);
  }

  async erase(ctx: TransactionContext, { event, decided }: EntryToErase): Promise<CopiesErased> {
    if (!decided || !OF_HOLDS.has(decided.type) || event.targetResource === null) return { rows: 0 };
    const holdId = event.targetResource;
    const rows = await storeOf(ctx).change(
      "UPDATE audit_holds SET reason = '' WHERE hold_id = ? AND reason <> ''",
      [holdId],
    );
    return { rows, answers: [{ id: holdId, at: event.recordedAt }] };
  }
}
