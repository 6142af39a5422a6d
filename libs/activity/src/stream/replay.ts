import { setTimeout as pause } from 'node:timers/promises';
import type { AgentDirectory } from '#kernel';
import type { StreamEvent } from './stream-event.js';
import type { Subscription } from './subscription.js';
import { isVisible } from './view.js';

/** How many recent events are gone through before others get their turn. */
const SLICE = 512;
/** How soon a place is looked at again that other instances have reached and this one has not. Milliseconds. */
const AHEAD_MS = 20;
/** How often the store may be without an entry that was announced. */
const MAX_MISSES = 3;

/** Where a replay reads. */
export interface ReplaySource {
  /** The log, by name, as far as it is announced. */
  readonly epoch: string;
  readonly position: number;
  readonly agents: AgentDirectory;
  /** The events behind `seq` that are in memory; null where those right behind it are not. */
  recent(seq: number, limit: number): readonly StreamEvent[] | null;
  /** Some of those behind `seq`, out of the store. */
  stored(seq: number): Promise<readonly StreamEvent[]>;
  /** Whether retention has been at the entry. */
  isRemoved(seq: number): Promise<boolean>;
}

/**
 * Sends a subscription what it missed, no faster than its client reads. It goes live in the very moment in which nothing is
 * left, so that it misses and repeats nothing.
 */
export class Replay {
  private at: number;
  private prevSeq: number;
  private misses = 0;

  /**
   * @param since the last `seq` that the client has.
   * @param goLive is called with the last `seq` that was for the subscription. What comes later must reach it.
   */
  constructor(
    private readonly source: ReplaySource,
    private readonly subscription: Subscription,
    since: number,
    private readonly goLive: (prevSeq: number) => void,
  ) {
    this.at = since;
    this.prevSeq = since;
  }

  /** @returns false where something that was missed is gone. @throws where the log cannot be read. */
  async run(): Promise<boolean> {
    const { source, subscription } = this;
    while (!subscription.isOver) {
      if (this.at === source.position) {
        // Now, and not when somebody has awaited it: events may come in between.
        this.goLive(this.prevSeq);
        return true;
      }
      if (this.at > source.position) await pause(AHEAD_MS);
      else if (!(await this.goOn())) return false;
    }
    return true;
  }

  /** @returns false where what comes next is gone. */
  private async goOn(): Promise<boolean> {
    const { source } = this;
    const events = source.recent(this.at, SLICE) ?? (await source.stored(this.at));
    // The store may be ahead of what is announced, which will come live.
    const position = source.position;
    const begun = this.at;
    for (const event of events) {
      if (event.seq !== this.at + 1 || event.seq > position || this.subscription.isOver) break;
      this.at = event.seq;
      if (!this.send(event)) await this.subscription.client.untilRead();
    }
    if (this.at > begun) this.misses = 0;
    else if (await source.isRemoved(begun + 1)) return false;
    // What was read may be older than the announcement; it is not twice.
    else if ((this.misses += 1) > MAX_MISSES) throw new Error(`the log has no entry ${begun + 1}`);
    return true;
  }

  /** @returns whether the client takes more at once. */
  private send(event: StreamEvent): boolean {
    const { client, filter, id } = this.subscription;
    if (!isVisible(event, client.view) || !filter.matches(event, this.source.agents)) return true;
    const text = event.frame(this.prevSeq, id);
    if (text === null) return true;
    const { seq } = event;
    this.prevSeq = seq;
    const position = { epoch: this.source.epoch, seq };
    return client.replay(client.outlet.encoding.encode(event.type ?? '', text, position));
  }
}
