import { setTimeout as rest } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '#kernel';
import {
  type SealedEntry,
  SealedEntriesRepository,
  type SeqSpan,
} from '../checkpoints/sealed-entries.repository.js';
import type { AuditFilter } from '../log/log-query.js';

/** How many entries are in memory at once, fewer where they are large … */
const PAGE = 50;
const PAGE_CHARS = 256 * 1024;
/** … and how far one read looks for them, so that none lasts long however few there are. */
const WINDOW = 4_096;
/** Within so many ms after a commit others are taken to be recording; then so much longer than a page took, at most so long, nothing is done. */
const BUSY_MS = 50;
const REST_FACTOR = 2;
const MAX_REST_MS = 20;

/** Entries, and the last sequence number up to which there are no others. */
export interface EntryPage {
  readonly entries: readonly SealedEntry[];
  readonly to: number;
}

/** Reads the log from old to new, any length of it. */
@Injectable()
export class EntryPages implements OnModuleInit, OnModuleDestroy {
  private unsubscribe = (): void => undefined;
  private recordedAt = -Infinity;

  constructor(
    private readonly entries: SealedEntriesRepository,
    private readonly events: EventBus,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe(() => (this.recordedAt = performance.now()));
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }

  /** The part of a span outside of which no entry is of the filter's time. */
  spanOf(span: SeqSpan, filter: AuditFilter): Promise<SeqSpan> {
    return this.entries.spanOf(span, filter);
  }

  /** A page ahead of who takes them, leaving most of the time to those who record meanwhile. @param admit throws where no more may be given. */
  async *read(filter: AuditFilter, { after, to }: SeqSpan, admit: () => void): AsyncGenerator<EntryPage> {
    let reading: Promise<EntryPage> | null = this.page(filter, { after, to }, PAGE);
    while (reading) {
      const page: EntryPage = await reading;
      admit();
      reading = page.to < to ? this.page(filter, { after: page.to, to }, roomAfter(page)) : null;
      // Thrown when it is its turn.
      reading?.catch(() => undefined);
      const begun = performance.now();
      yield page;
      const now = performance.now();
      if (now - this.recordedAt < BUSY_MS) await rest(Math.min((now - begun) * REST_FACTOR, MAX_REST_MS));
    }
  }

  private async page(filter: AuditFilter, { after, to }: SeqSpan, limit: number): Promise<EntryPage> {
    const end = Math.min(to, after + WINDOW);
    const entries = await this.entries.findIn({ after, to: end }, filter, limit);
    return { entries, to: entries.length < limit ? end : (entries.at(-1)?.event.seq ?? end) };
  }
}

/** How many entries the next page may have, if they are as large as those of this one. */
function roomAfter({ entries }: EntryPage): number {
  const chars = entries.reduce((sum, { leaf, text }) => sum + leaf.length + (text?.body.length ?? 0), 0);
  return Math.max(1, Math.min(PAGE, Math.floor((PAGE_CHARS * entries.length) / Math.max(chars, 1)) || PAGE));
}
