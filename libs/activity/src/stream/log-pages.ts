import type { RecordedEvent } from '#kernel';
import { StreamEvent } from './stream-event.js';

/** How many entries a page has; they may be large. */
export const PAGE = 128;
/** How many whole pages are kept for others who read the same, each of so many bytes at the most, and how long. */
const KEPT = 16;
const KEPT_BYTES = 1024 ** 2;
const KEPT_MS = 5_000;
/** How many readings go on at once: replays must not keep other readers from the store. */
const READINGS = 2;

export interface LogSource {
  /** In log order, from the entry after `seq`. */
  findAfter(seq: number, limit: number): Promise<RecordedEvent[]>;
}

interface KeptPage {
  readonly events: Promise<readonly StreamEvent[]>;
  /** Milliseconds, monotonic. */
  readonly readAt: number;
}

/**
 * The log by pages, for replays. Many clients come back at once and ask for the same: who asks for a page that is being
 * read waits for it, and whole pages are kept a while.
 */
export class LogPages {
  private readonly pages = new Map<number, KeptPage>();
  private readonly queue: (() => void)[] = [];
  private reading = 0;
  /** How often what is kept was let go of. */
  private generation = 0;

  constructor(private readonly source: LogSource) {}

  /** The entries behind `seq`, to the end of its page. What is missing was removed, or is not there yet. */
  async after(seq: number): Promise<readonly StreamEvent[]> {
    for (;;) {
      const { generation } = this;
      const page = await this.page(Math.floor(seq / PAGE));
      if (generation === this.generation) return page.filter((event) => event.seq > seq);
    }
  }

  /** Lets go of all, also of what is being read: it may hold what must not be shown any more. */
  clear(): void {
    this.generation += 1;
    this.pages.clear();
  }

  private page(number: number): Promise<readonly StreamEvent[]> {
    const kept = this.pages.get(number);
    if (kept && performance.now() - kept.readAt < KEPT_MS) return kept.events;
    const page = { events: this.read(number), readAt: performance.now() };
    this.pages.delete(number);
    this.pages.set(number, page);
    page.events.then(
      // The last page still grows.
      (events) => (isKept(events) ? this.dropOldest() : this.forget(number, page)),
      () => this.forget(number, page),
    );
    return page.events;
  }

  private async read(number: number): Promise<readonly StreamEvent[]> {
    if (this.reading < READINGS) this.reading += 1;
    else await new Promise<void>((resolve) => this.queue.push(resolve));
    try {
      const first = number * PAGE;
      const entries = await this.source.findAfter(first, PAGE);
      return entries.filter(({ seq }) => seq <= first + PAGE).map((entry) => new StreamEvent(entry));
    } finally {
      // The place is handed over, so that nobody who comes now takes it.
      const next = this.queue.shift();
      if (next) next();
      else this.reading -= 1;
    }
  }

  private dropOldest(): void {
    for (const number of this.pages.keys()) {
      if (this.pages.size <= KEPT) return;
      this.pages.delete(number);
    }
  }

  private forget(number: number, page: KeptPage): void {
    if (this.pages.get(number) === page) this.pages.delete(number);
  }
}

function isKept(events: readonly StreamEvent[]): boolean {
  return events.length === PAGE && events.reduce((sum, { weight }) => sum + weight, 0) <= KEPT_BYTES;
}
