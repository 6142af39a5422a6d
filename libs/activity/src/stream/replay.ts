import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { AgentDirectory } from '#kernel';
import { FrameCursor } from './frame-cursor.js';
import type { StreamEvent } from './stream-event.js';
import type { Subscription } from './subscription.js';

/** How many recent events are gone through before others get their turn. */
const SLICE = 512;
/** How soon a place is looked at again that other instances have reached and this one has not. Milliseconds. */
const AHEAD_MS = 20;

/** Where a replay reads. */
export interface ReplaySource {
  /** The log, by name, as far as it is announced. */
  readonly epoch: string;
  readonly position: number;
  readonly agents: AgentDirectory;
  /** The events behind `seq` that are in memory; null where those right behind it are not. */
  recent(seq: number, limit: number): readonly StreamEvent[] | null;
  /** Those right behind `seq`, out of the store: one at the least; null where retention has been there. */
  stored(seq: number): Promise<readonly StreamEvent[] | null>;
}

/**
 * Sends a subscription what it missed, no faster than its client reads. It goes live in the very moment in which nothing is
 * left, so that it misses and repeats nothing.
 */
export class Replay {
  private at: number;
  private readonly cursor: FrameCursor;

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
    const { filter, client } = subscription;
    this.cursor = new FrameCursor(filter, client.view, source.agents, since);
  }

  /** @returns false where something that was missed is gone. @throws where the log cannot be read. */
  async run(): Promise<boolean> {
    const { source, subscription } = this;
    while (!subscription.isOver) {
      if (this.at === source.position) {
        // Now, and not when somebody has awaited it: events may come in between.
        this.goLive(this.cursor.last);
        return true;
      }
      const step = await this.step();
      if (step === 'lost') return false;
      // Nothing is held while it waits: what was read may be large, and may be erased meanwhile.
      if (step === 'full') await subscription.client.untilRead();
      else await (step === 'ahead' ? pause(AHEAD_MS) : nextTurn());
    }
    return true;
  }

  private async step(): Promise<'passed' | 'full' | 'lost' | 'ahead'> {
    const { source, at } = this;
    if (at > source.position) return 'ahead';
    const events = source.recent(at, SLICE) ?? (await source.stored(at));
    if (events === null) return 'lost';
    return this.pass(events) ? 'passed' : 'full';
  }

  /** Sends what is for the subscription. @returns false where the client has to read before it gets more. */
  private pass(events: readonly StreamEvent[]): boolean {
    // The store may be ahead of what is announced, which will come live.
    const { position } = this.source;
    for (const event of events) {
      if (event.seq > position || this.subscription.isOver) break;
      this.at = event.seq;
      if (!this.send(event)) return false;
    }
    return true;
  }

  /** @returns whether the client takes more at once. */
  private send(event: StreamEvent): boolean {
    const text = this.cursor.next(event);
    if (text === null) return true;
    const { client } = this.subscription;
    const position = { epoch: this.source.epoch, seq: event.seq };
    return client.replay(client.outlet.encoding.encode(event.type ?? '', text, position));
  }
}
