import { Backoff } from './backoff.js';
import { CommandQueue } from './command-queue.js';
import { Connection, type Ending } from './connection.js';
import type { Frame, NoticeData, Position, StreamFilter } from './frames.js';
import { type Line, type SubscriptionHandlers, SubscriptionState } from './subscription.js';
import { defaultWebSocket, type WebSocketConstructor } from './web-socket.js';

export type StreamState =
  | { readonly name: 'connecting' }
  | { readonly name: 'open' }
  /** @property delayMs until the next try. */
  | { readonly name: 'waiting'; readonly delayMs: number; readonly reason: string }
  | { readonly name: 'closed'; readonly reason: string };

export interface StreamClientOptions {
  /** `ws://host/ws` or `wss://…`. */
  readonly url: string;
  /** Gets a ticket, for each connection another. For browsers. */
  readonly ticket?: () => Promise<string>;
  /** With the key; asked for each connection. For Node. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Default: the global one. */
  readonly WebSocket?: WebSocketConstructor;
  readonly onState?: (state: StreamState) => void;
  readonly onStats?: (stats: NoticeData['stats']) => void;
  /**
   * The key has ended: the service closed the connection with 1008, and does not open another. `reason` is that of the close.
   * @returns whether there is another key: then `ticket` and `headers` are asked again. Without it the client stops.
   */
  readonly keyEnded?: (reason: string) => boolean | Promise<boolean>;
  /** Told what a handler has thrown. Default: it is thrown again, outside of the stream. */
  readonly onError?: (error: unknown) => void;
  readonly timing?: Partial<StreamTiming>;
}

/** Milliseconds. */
export interface StreamTiming {
  /** Without a frame for so long the connection counts as lost; `stats` come every 10 s. */
  readonly silenceMs: number;
  /** The longest first wait before connecting again. */
  readonly firstDelayMs: number;
  /** The longest of all waits. */
  readonly maxDelayMs: number;
}

const TIMING: StreamTiming = { silenceMs: 30_000, firstDelayMs: 500, maxDelayMs: 30_000 };
const POLICY_VIOLATION = 1008;

/** What a subscriber holds. */
export interface Subscription {
  /** Keep it to go on from here another time; null before the first answer. */
  readonly position: Position | null;
  close(): void;
}

/**
 * The stream, over as many connections as it takes: each subscription gets each frame once and in order, whatever is lost on the
 * way, until `close`. Connects at once.
 */
export class StreamClient {
  private readonly subscriptions = new Set<SubscriptionState>();
  private readonly timing: StreamTiming;
  private readonly backoff: Backoff;
  private readonly line: Line;
  private readonly commands = new CommandQueue((command) => this.connection?.send(command));
  private connection: Connection | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  private isOpen = false;
  /** Why the service has closed with 1008, until it opens again. */
  private doubt: string | null = null;
  private stats = 0;

  constructor(private readonly options: StreamClientOptions) {
    this.timing = { ...TIMING, ...options.timing };
    this.backoff = new Backoff(this.timing.firstDelayMs, this.timing.maxDelayMs);
    this.line = {
      send: (command) => this.commands.send(command),
      restart: (reason) => this.connection?.drop(reason),
      call: (handler) => this.call(handler),
      remove: (subscription) => void this.subscriptions.delete(subscription),
    };
    void this.connect();
  }

  /**
   * @param filter all members must hold, of the values of one any; without any, everything.
   * @param handlers or only what takes the frames.
   * @param position to go on from; without one it begins now.
   */
  subscribe(
    filter: StreamFilter,
    handlers: SubscriptionHandlers | SubscriptionHandlers['frame'],
    position: Position | null = null,
  ): Subscription {
    const all = typeof handlers === 'function' ? { frame: handlers } : handlers;
    const state = new SubscriptionState(filter, all, position, this.line);
    this.subscriptions.add(state);
    if (this.isOpen) state.begin();
    return {
      get position() {
        return state.position;
      },
      close: () => {
        if (this.subscriptions.delete(state)) state.end(this.subscriptions);
      },
    };
  }

  /** For good. */
  close(): void {
    this.stop('closed');
  }

  private async connect(): Promise<void> {
    this.tell({ name: 'connecting' });
    try {
      const socket = await this.openSocket();
      if (!socket) return;
      this.stats = 0;
      this.connection = new Connection(socket, this.timing.silenceMs, {
        opened: () => this.begin(),
        heard: (frame) => this.hear(frame),
        ended: (ending) => this.lose(ending),
      });
    } catch (error) {
      await this.retryWithKey(error instanceof Error ? error.message : String(error));
    }
  }

  /** @returns null where the client was closed meanwhile. */
  private async openSocket() {
    const { headers } = this.options;
    const url = new URL(this.options.url);
    url.searchParams.set('start', 'none');
    if (this.options.ticket) url.searchParams.set('ticket', await this.options.ticket());
    if (this.closed) return null;
    const Socket = this.options.WebSocket ?? defaultWebSocket();
    return headers ? new Socket(url.href, { headers: headers() }) : new Socket(url.href);
  }

  private begin(): void {
    this.isOpen = true;
    this.doubt = null;
    this.tell({ name: 'open' });
    for (const subscription of [...this.subscriptions]) subscription.begin();
  }

  private hear(frame: Frame): void {
    this.commands.hear(frame);
    // Not of a copy: what a handler closes is told nothing more.
    for (const subscription of this.subscriptions) subscription.take(frame);
    if (frame.type === 'stats') this.hearStats(frame.data);
    if (frame.type === 'subscribed') this.endUnknown(frame.data.subscription);
  }

  private hearStats(stats: NoticeData['stats']): void {
    this.stats += 1;
    // A connection that only just opened has not shown yet that it will last.
    if (this.stats > 1) this.backoff.reset();
    this.call(() => this.options.onStats?.(stats));
  }

  /** What was closed before its answer came. */
  private endUnknown(wireId: string): void {
    const isKnown = [...this.subscriptions].some((subscription) => subscription.isOn(wireId));
    if (!isKnown) this.line.send({ command: 'unsubscribe', subscription: wireId });
  }

  private lose({ code, reason }: Ending): void {
    // Nobody is told more of a refused upgrade.
    const wasRefused = !this.isOpen && !reason;
    this.disconnect();
    const why = reason || `closed with ${code}`;
    if (code === POLICY_VIOLATION) this.doubt = why;
    if (wasRefused) void this.retryWithKey(why);
    else this.wait(why);
  }

  /** No connection was to be had. After a close with 1008 that is because of the key. */
  private async retryWithKey(why: string): Promise<void> {
    const { doubt } = this;
    this.doubt = null;
    if (doubt === null || (await this.hasAnotherKey(doubt))) this.wait(why);
    else this.stop(doubt);
  }

  private async hasAnotherKey(reason: string): Promise<boolean> {
    try {
      return (await this.options.keyEnded?.(reason)) ?? false;
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  private wait(reason: string): void {
    if (this.closed) return;
    const delayMs = this.backoff.next();
    this.retry = setTimeout(() => void this.connect(), delayMs);
    this.tell({ name: 'waiting', delayMs, reason });
  }

  private stop(reason: string): void {
    if (this.closed) return;
    this.closed = true;
    this.doubt = null;
    clearTimeout(this.retry);
    this.connection?.close();
    this.disconnect();
    this.tell({ name: 'closed', reason });
  }

  private disconnect(): void {
    this.connection = null;
    this.isOpen = false;
    this.commands.clear();
    for (const subscription of this.subscriptions) subscription.pause();
  }

  private tell(state: StreamState): void {
    this.call(() => this.options.onState?.(state));
  }

  private call<R>(handler: () => R): R | undefined {
    try {
      return handler();
    } catch (error) {
      this.report(error);
      return undefined;
    }
  }

  private report(error: unknown): void {
    if (this.options.onError) this.options.onError(error);
    else
      queueMicrotask(() => {
        throw error;
      });
  }
}
