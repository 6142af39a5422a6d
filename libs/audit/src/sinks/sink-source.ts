import { Injectable } from '@nestjs/common';
import type { RecordedEvent } from '#kernel';
import { SEGMENT } from '../merkle/log-tree.js';
import type { AuditSink, Batch, SeqRange } from './sink.js';
import { SinkSourceRepository } from './sink-source.repository.js';
import { kindOf, type SinkKind } from './sink-target.js';

/** How much of the log one query goes through, so that none takes long however few entries are for the sink. */
const WINDOW = 5_000;
/** A connection of syslog is opened and closed for each batch. */
const MAX_ENTRIES: Readonly<Record<SinkKind, number>> = { webhook: 100, syslog: 500 };
/** How many are read at once. */
const PAGE = 25;
/** Receivers often take 1 MB, and JSON is somewhat longer than the texts in it. */
const MAX_BYTES = 512 * 1024;
/** What an entry takes as JSON beside its texts. */
const FRAME_BYTES = 600;

/** The next part of the log, for a sink: what is to be delivered, what is no longer there, or nothing. */
export type Part =
  | ({ readonly kind: 'batch' } & Batch)
  | ({ readonly kind: 'removed' } & SeqRange)
  | ({ readonly kind: 'nothing' } & SeqRange);

/** Cuts the log into what is delivered at once. */
@Injectable()
export class SinkSource {
  constructor(private readonly repository: SinkSourceRepository) {}

  /**
   * The part of the log behind entry `after`, at most up to `end`; null where it ends there. Asked again with the end of
   * what it gave, it gives the same.
   */
  async next({ filter, target }: AuditSink, after: number, end: number | null = null): Promise<Part | null> {
    const { size } = await this.repository.standing(after);
    const fromSeq = after + 1;
    let toSeq = end ?? Math.min(size, after + WINDOW);
    if (fromSeq > toSeq) return null;
    const limit = MAX_ENTRIES[kindOf(target)];
    const found = await this.read(filter, { fromSeq, toSeq }, limit);
    // Asked last: of a segment that is still there nothing was missing before.
    const { removableTo, next } = await this.repository.standing(after);
    if (removableTo >= fromSeq) {
      if (next !== fromSeq) return { kind: 'removed', fromSeq, toSeq: (next ?? size + 1) - 1 };
      toSeq = Math.min(toSeq, Math.ceil(fromSeq / SEGMENT) * SEGMENT);
    }
    const entries = bounded(found.filter(({ seq }) => seq <= toSeq));
    const last = entries.at(-1);
    if (!last) return { kind: 'nothing', fromSeq, toSeq };
    const isCut = entries.length === limit || entries.length < found.length;
    return { kind: 'batch', fromSeq, toSeq: isCut ? last.seq : toSeq, entries };
  }

  /** A few at a time, since they may be large: until there are enough of them, or one is too many. */
  private async read(
    filter: AuditSink['filter'],
    { fromSeq, toSeq }: SeqRange,
    limit: number,
  ): Promise<RecordedEvent[]> {
    const found: RecordedEvent[] = [];
    for (let [from, bytes] = [fromSeq, 0]; from <= toSeq && bytes <= MAX_BYTES && found.length < limit;) {
      const most = Math.min(PAGE, limit - found.length);
      const page = await this.repository.find(filter, { fromSeq: from, toSeq }, most);
      found.push(...page);
      bytes += page.reduce((sum, entry) => sum + bytesOf(entry), 0);
      from = page.length < most ? toSeq + 1 : (page.at(-1)?.seq ?? toSeq) + 1;
    }
    return found;
  }
}

/** The first of them, so few that they fit; one at the least. */
function bounded(entries: readonly RecordedEvent[]): RecordedEvent[] {
  let bytes = 0;
  const over = entries.findIndex((entry, index) => (bytes += bytesOf(entry)) > MAX_BYTES && index > 0);
  return over === -1 ? [...entries] : entries.slice(0, over);
}

/** About how long it is as JSON. */
function bytesOf(event: RecordedEvent): number {
  const texts = Object.values(event).filter((value) => typeof value === 'string');
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), FRAME_BYTES);
}
