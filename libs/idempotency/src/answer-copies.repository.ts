import { Injectable } from '@nestjs/common';
import {
  type CopiesErased,
  CopyHolders,
  type EntryToErase,
  type TextCopies,
  type TransactionContext,
} from '#kernel';
import { storeOf } from '#persistence';

/** An answer is kept by the unit of work that made it, and so soon after what it names, ms. */
const BEFORE_MS = 60_000;
const AFTER_MS = 600_000;

/** Answers that are kept for repeats and showed texts of an entry. What was carried out is not carried out again. */
@Injectable()
export class AnswerCopies implements TextCopies {
  readonly what = 'kept_answers';
  readonly order = 100;

  constructor(holders: CopyHolders) {
    holders.add(this);
  }

  async erase(ctx: TransactionContext, { answers }: EntryToErase): Promise<CopiesErased> {
    let rows = 0;
    for (const { id, at } of answers)
      rows += await storeOf(ctx).change(
        `UPDATE idempotency_keys SET body = NULL, headers = '{}'
         WHERE created_at > ? AND created_at < ? AND body LIKE ?`,
        [at - BEFORE_MS, at + AFTER_MS, `%${id}%`],
      );
    return { rows };
  }
}
