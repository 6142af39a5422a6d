import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { LogWindow } from '#audit';
import { AgentDirectory, type RecordedEvent } from '#kernel';
import { Channels } from './channels.js';
import type { StreamPosition } from './encoding.js';
import { LogPages } from './log-pages.js';
import { CLOSE } from './outlet.js';
import { Replay, type ReplaySource } from './replay.js';
import type { StreamClient } from './stream-client.js';
import type { StreamEvent } from './stream-event.js';
import type { StreamFilter } from './stream-filter.js';
import { StreamLog } from './stream-log.js';
import { Subscription } from './subscription.js';

/** How many subscriptions a connection may have. */
export const MAX_SUBSCRIPTIONS = 32;
/** How much of what was announced is kept, so that a client that was away shortly costs no reading of the store. Bytes. */
const RECENT_BYTES = 8 * 1024 ** 2;
/** How often the store may be without an entry that is in the log. */
const MAX_TRIES = 3;

/** Gives each subscription the log from the place on that it asks for: first what it missed, then what comes. */
@Injectable()
export class StreamFeed implements ReplaySource, OnModuleInit {
  readonly agents: AgentDirectory;
  private readonly logger = new Logger(StreamFeed.name);
  private readonly channels: Channels;
  private readonly pages: LogPages;
  private readonly newest = new LogWindow<StreamEvent>(RECENT_BYTES, ({ weight }) => weight);
  /** Its name; it changes when another log begins in the store. */
  private logId = '';
  private removedTo = 0;
  private readers = 0;

  constructor(
    private readonly log: StreamLog,
    agents: AgentDirectory,
  ) {
    this.agents = agents;
    this.channels = new Channels(agents);
    this.pages = new LogPages(log);
  }

  async onModuleInit(): Promise<void> {
    await this.refresh();
  }

  get epoch(): string {
    return this.logId;
  }

  get position(): number {
    return this.log.position;
  }

  recent(seq: number, limit: number): readonly StreamEvent[] | null {
    return this.newest.after(seq, limit);
  }

  async stored(seq: number): Promise<readonly StreamEvent[] | null> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const page = await this.pages.after(seq);
      const hole = page.findIndex((event, index) => event.seq !== seq + 1 + index);
      const events = hole < 0 ? page : page.slice(0, hole);
      if (events.length > 0) return events;
      if (seq < (await this.log.standing()).removableTo) return null;
      // What was read may be older than the entry; it is not time and again.
    }
    throw new Error(`the log has no entry ${seq + 1}`);
  }

  /**
   * Lets go of what retention has removed, and learns of a new log.
   * @returns whether another log has begun.
   */
  async refresh(): Promise<boolean> {
    const { logId, removableTo } = await this.log.standing();
    if (removableTo > this.removedTo) this.forget();
    this.removedTo = removableTo;
    const isAnother = logId !== this.logId;
    this.logId = logId;
    return isAnother;
  }

  /** Takes in what has just become visible, in log order. @param events the same, on their way to clients. */
  announce(recorded: readonly RecordedEvent[], events: readonly StreamEvent[]): void {
    // Nobody is shown again what was erased.
    if (recorded.some((event) => isOwn(event, 'audit.erase'))) this.forget();
    if (this.readers === 0) return;
    this.newest.add(events);
    this.channels.announce(events, this.logId);
  }

  /** Tells live subscriptions how far they have come, where their own frames do not. @param now milliseconds since 1970. */
  tellPositions(now: number): void {
    const { epoch, position: seq } = this;
    this.channels.tellPosition({ epoch, seq }, now);
  }

  /** Events are kept for clients while there are any. */
  join(client: StreamClient): void {
    this.readers += 1;
    void client.outlet.gone.then(() => {
      for (const subscription of [...client.subscriptions.values()]) this.end(subscription);
      this.readers -= 1;
      if (this.readers === 0) this.forget();
    });
  }

  /**
   * Begins a subscription, or begins it anew.
   * @param since the last position that the client has; null to begin now.
   * @param requestId what the client calls its request.
   */
  begin(client: StreamClient, filter: StreamFilter, since: StreamPosition | null, requestId?: string): void {
    const before = client.subscriptions.get(filter.id);
    if (before) this.end(before);
    const subscription = new Subscription(client, filter);
    client.subscriptions.set(filter.id, subscription);
    const { epoch, position } = this;
    const from = since?.seq ?? position;
    const named = requestId === undefined ? {} : { request_id: requestId };
    const told = { filter: filter.toRequest(), epoch, seq: from, ...named };
    if (since && since.epoch !== epoch) {
      subscription.tell('subscribed', { ...told, seq: position }, { epoch, seq: position });
      this.run(subscription, this.lose(subscription));
      return;
    }
    subscription.tell('subscribed', told, { epoch, seq: from });
    if (since) this.run(subscription, this.replay(subscription, since.seq));
    else this.goLive(subscription, position);
  }

  end(subscription: Subscription): void {
    const { client, channel, id } = subscription;
    subscription.end();
    if (client.subscriptions.get(id) === subscription) client.subscriptions.delete(id);
    if (channel) this.channels.leave(subscription, channel);
    subscription.channel = null;
  }

  private async replay(subscription: Subscription, since: number): Promise<void> {
    const isThere = since <= this.position || since <= (await this.log.standing()).size;
    const goLive = (prevSeq: number): void => {
      const { epoch, position: seq } = this;
      subscription.tell('live', { seq }, { epoch, seq });
      this.goLive(subscription, prevSeq);
    };
    if (isThere && (await new Replay(this, subscription, since, goLive).run())) return;
    if (!subscription.isOver) await this.lose(subscription);
  }

  /** What it asked for is gone: it is told what is left, and goes on from now. */
  private async lose(subscription: Subscription): Promise<void> {
    const { removableTo } = await this.log.standing();
    if (subscription.isOver) return;
    const { epoch, position: seq } = this;
    subscription.tell('history_lost', { oldest_seq: removableTo + 1, epoch, seq }, { epoch, seq });
    this.goLive(subscription, seq);
  }

  /** From now on it gets what comes; its client has just been told the present position. */
  private goLive(subscription: Subscription, prevSeq: number): void {
    const { filter, client } = subscription;
    subscription.told = this.position;
    const interest = { filter, view: client.view, encoding: client.outlet.encoding };
    subscription.channel = this.channels.join(subscription, interest, prevSeq);
  }

  /** A client that cannot be told what it missed is sent away to ask again. */
  private run(subscription: Subscription, work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (subscription.isOver) return;
      this.logger.error(error, 'a replay failed');
      subscription.client.close(CLOSE.tryAgainLater, 'the log cannot be read; reconnect and resume');
    });
  }

  private forget(): void {
    this.newest.clear();
    this.pages.clear();
  }
}

function isOwn({ source, operationType }: RecordedEvent, type: string): boolean {
  return source === 'decided' && operationType === type;
}
