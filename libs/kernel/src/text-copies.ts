import type { RecordedEvent } from './recorded-event.js';
import type { TransactionContext } from './transaction.js';

/** An answer that showed texts of an entry: an id in it, and when it was given. */
export interface GivenAnswer {
  readonly id: string;
  /** Milliseconds UTC. */
  readonly at: number;
}

/** An entry whose texts are being erased. */
export interface EntryToErase {
  /** With its texts. */
  readonly event: RecordedEvent;
  /**
   * What this service wrote of what it did or decided; null for what a client reported, which may name anything: its texts are
   * nobody's copies, and what it names is not its own.
   */
  readonly decided: { readonly type: string; readonly context: Readonly<Record<string, unknown>> } | null;
  /** As far as the holders before have told. */
  readonly answers: readonly GivenAnswer[];
}

export interface CopiesErased {
  /** How many rows held some. */
  readonly rows: number;
  readonly answers?: readonly GivenAnswer[];
}

/** What a feature keeps of the texts of entries, beside the log. */
export interface TextCopies {
  /** What they are, as the answer names them. */
  readonly what: string;
  /** Holders are asked in ascending order: answers come last. */
  readonly order: number;
  /**
   * Erases what it has of an entry, within the transaction that erases the entry.
   * @throws DomainError where the texts are still needed; then nothing is erased.
   */
  erase(ctx: TransactionContext, entry: EntryToErase): Promise<CopiesErased>;
}

/** All who keep such copies. Features add theirs when they begin; who erases asks each of them. */
export class CopyHolders {
  private readonly all: TextCopies[] = [];

  add(holder: TextCopies): void {
    this.all.push(holder);
    this.all.sort((a, b) => a.order - b.order);
  }

  get inOrder(): readonly TextCopies[] {
    return this.all;
  }
}
