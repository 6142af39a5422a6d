import type { StreamEvent } from './stream-event.js';
import { isVisible, type View } from './view.js';

/** Events a second. */
export interface Rates {
  readonly total: number;
  readonly by_type: Readonly<Record<string, number>>;
  readonly by_decision: Readonly<Record<string, number>>;
}

interface Tally {
  /** One of those that were counted. */
  readonly example: StreamEvent;
  count: number;
}

/** How much happens, by what may be seen of it. */
export class StreamRates {
  private readonly tallies = new Map<string, Tally>();
  private since = performance.now();

  /** Begins anew. */
  restart(): void {
    this.since = performance.now();
    this.tallies.clear();
  }

  count(events: readonly StreamEvent[]): void {
    for (const example of events) {
      const { type, event } = example;
      if (type === null) continue;
      const key = `${event.agentId}\0${type}\0${event.rbacDecision}`;
      const tally = this.tallies.get(key);
      if (tally) tally.count += 1;
      else this.tallies.set(key, { example, count: 1 });
    }
  }

  /** Ends the stretch of time, and begins the next. @returns what a view's rates in it were. */
  take(): (view: View) => Rates {
    const now = performance.now();
    const seconds = Math.max(now - this.since, 1) / 1_000;
    const tallies = [...this.tallies.values()];
    this.restart();
    return (view) => {
      const seen = tallies.filter(({ example }) => isVisible(example, view));
      const rate = (count: number): number => Math.round((count / seconds) * 100) / 100;
      const by = (keyOf: (event: StreamEvent) => string): Record<string, number> => {
        const counts = new Map<string, number>();
        for (const { example, count } of seen)
          counts.set(keyOf(example), (counts.get(keyOf(example)) ?? 0) + count);
        return Object.fromEntries([...counts].map(([key, count]) => [key, rate(count)]));
      };
      return {
        total: rate(seen.reduce((sum, { count }) => sum + count, 0)),
        by_type: by(({ type }) => type ?? ''),
        by_decision: by(({ event }) => event.rbacDecision),
      };
    };
  }
}
