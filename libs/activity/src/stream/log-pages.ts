import type { RecordedEvent } from '#kernel';
import { StreamEvent } from './stream-event.js';

/** How many entries a page has; they may be large. */
export const PAGE = 128;
/** How many whole pages are kept for others who read the same, each of so many bytes at the most. */
const KEPT = 16;
const KEPT_BYTES = 1024 ** 2;
/** How many readings go on at once: replays must not keep other readers from the store. */
const READINGS = 2;

export interface LogSource {
  /** In log order, from the entry after `seq`. */
  findAfter(seq: number, limit: number): Promise<RecordedEvent[]>;
}

/**
 * The log by pages, for replays. Many clients come back at once and ask for the same: who asks for a page that is being
 * read waits for it, and whole pages are kept a while.
 */
export class LogPages {
  private readonly pages = new Map<number, Promise<readonly StreamEvent[]>>();
  private readonly queue: (() => void)[] = [];
  private reading = 0;

  constructor(private readonly source: LogSource) {}

  /** The entries behind `seq`, to the end of its page. What is missing was removed, or is not there yet. */
  async after(seq: number): Promise<readonly StreamEvent[]> {
    const number = Math.floor(seq / PAGE);
    const page = await (this.pages.get(number) ?? this.load(number));
    return page.filter((event) => event.seq > seq);
  }

  clear(): void {
    this.pages.clear();
  }

  private load(number: number): Promise<readonly StreamEvent[]> {
    const page = this.read(number);
    this.pages.set(number, page);
    page.then(
      // The last page still grows.
      (events) => (isKept(events) ? this.dropOldest() : this.forget(number, page)),
      () => this.forget(number, page),
    );
    return page;
  }

  private async read(number: number): Promise<readonly StreamEvent[]> {
    if (this.reading >= READINGS) await new Promise<void>((resolve) => this.queue.push(resolve));
    this.reading += 1;
    try {
      const first = number * PAGE;
      const entries = await this.source.findAfter(first, PAGE);
      return entries.filter(({ seq }) => seq <= first + PAGE).map((entry) => new StreamEvent(entry));
    } finally {
      this.reading -= 1;
      this.queue.shift()?.();
    }
  }

  private dropOldest(): void {
    for (const number of this.pages.keys()) {
      if (this.pages.size <= KEPT) return;
      this.pages.delete(number);
    }
  }

  private forget(number: number, page: Promise<unknown>): void {
    if (this.pages.get(number) === page) this.pages.delete(number);
  }
}

function isKept(events: readonly StreamEvent[]): boolean {
  return events.length === PAGE && events.reduce((sum, { weight }) => sum + weight, 0) <= KEPT_BYTES;
}
