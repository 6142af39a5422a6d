import type { StreamEvent } from './stream-event.js';

/** How much of them is kept, so that a client that was away shortly costs no reading of the store. Bytes. */
const MAX_BYTES = 8 * 1024 ** 2;

/** The newest events of the log, without gaps. */
export class RecentEvents {
  private events: StreamEvent[] = [];
  private bytes = 0;

  add(events: readonly StreamEvent[]): void {
    const [first] = events;
    if (first && first.seq !== (this.events.at(-1)?.seq ?? first.seq - 1) + 1) this.clear();
    for (const event of events) {
      this.events.push(event);
      this.bytes += event.weight;
    }
    if (this.bytes > MAX_BYTES) this.cut();
  }

  clear(): void {
    this.events = [];
    this.bytes = 0;
  }

  /** The events behind `seq`, at most `limit`; null where those right behind it are not here. */
  after(seq: number, limit: number): readonly StreamEvent[] | null {
    const [first] = this.events;
    if (!first || first.seq > seq + 1) return null;
    const start = seq + 1 - first.seq;
    return this.events.slice(start, start + limit);
  }

  /** Seldom, and then by half, since each cut moves the rest. */
  private cut(): void {
    let start = 0;
    while (this.bytes > MAX_BYTES / 2) this.bytes -= this.events[start++]?.weight ?? this.bytes;
    this.events = this.events.slice(start);
  }
}
