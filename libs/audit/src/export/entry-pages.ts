import { Injectable } from '@nestjs/common';
import {
  type SealedEntry,
  SealedEntriesRepository,
  type SeqSpan,
} from '../checkpoints/sealed-entries.repository.js';
import type { AuditFilter } from '../log/log-query.js';

/** How many entries, which may be large, are in memory at once … */
const PAGE = 50;
/** … and how far one read looks for them, so that none lasts long however few there are. */
const WINDOW = 4_096;

interface ReadPage {
  readonly entries: SealedEntry[];
  /** Where to read on; null at the end. */
  readonly rest: SeqSpan | null;
}

/** Reads the log from old to new, any length of it. */
@Injectable()
export class EntryPages {
  constructor(private readonly entries: SealedEntriesRepository) {}

  /** The part of a span outside of which no entry is of the filter's time. */
  spanOf(span: SeqSpan, filter: AuditFilter): Promise<SeqSpan> {
    return this.entries.spanOf(span, filter);
  }

  /** A page ahead of who takes them. @param admit throws where no more may be given. */
  async *read(filter: AuditFilter, span: SeqSpan, admit: () => void): AsyncGenerator<readonly SealedEntry[]> {
    let reading: Promise<ReadPage> | null = this.page(filter, span);
    while (reading) {
      const { entries, rest }: ReadPage = await reading;
      admit();
      reading = rest && this.page(filter, rest);
      // Thrown when it is its turn.
      reading?.catch(() => undefined);
      yield entries;
    }
  }

  private async page(filter: AuditFilter, { after, to }: SeqSpan): Promise<ReadPage> {
    const end = Math.min(to, after + WINDOW);
    const entries = await this.entries.findIn({ after, to: end }, filter, PAGE);
    const read = entries.length < PAGE ? end : (entries.at(-1)?.event.seq ?? end);
    return { entries, rest: read < to ? { after: read, to } : null };
  }
}
