import { Injectable } from '@nestjs/common';
import {
  type CopiesErased,
  CopyHolders,
  type EntryToErase,
  type TextCopies,
  type TransactionContext,
} from '#kernel';
import { AuditTextRepository } from '../text/audit-text.repository.js';

/** The words by which an entry is found. */
@Injectable()
export class SearchCopies implements TextCopies {
  readonly what = 'search';
  readonly order = 1;

  constructor(
    private readonly text: AuditTextRepository,
    holders: CopyHolders,
  ) {
    holders.add(this);
  }

  async erase(ctx: TransactionContext, { event }: EntryToErase): Promise<CopiesErased> {
    return { rows: await this.text.forget(ctx, event.seq) };
  }
}
