import { Backoff } from './backoff.js';
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
   * The key has ended, or what it may see has changed.
   * @returns whether there is another: then `ticket` and `headers` are asked again. Without it the client stops.
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
  private connection: Connection | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  private isOpen = false;
  private stats = 0;
  private requests = 0;

  constructor(private readonly options: StreamClientOptions) {
    this.timing = { ...TIMING, ...options.timing };
    this.backoff = new Backoff(this.timing.firstDelayMs, this.timing.maxDelayMs);
    this.line = {
      send: (command) => this.connection?.send(command),
      nextId: () => String((this.requests += 1)),
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
        ended: (ending) => void this.lose(ending),
      });
    } catch (error) {
      this.wait(error instanceof Error ? error.message : String(error));
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
    this.tell({ name: 'open' });
    for (const subscription of [...this.subscriptions]) subscription.begin();
  }

  private hear(frame: Frame): void {
    for (const subscription of [...this.subscriptions]) subscription.take(frame);
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

  private async lose({ code, reason }: Ending): Promise<void> {
    this.disconnect();
    if (code === POLICY_VIOLATION && !(await this.hasAnotherKey(reason))) this.stop(reason);
    else this.wait(reason || `closed with ${code}`);
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
    clearTimeout(this.retry);
    this.connection?.close();
    this.disconnect();
    this.tell({ name: 'closed', reason });
  }

  private disconnect(): void {
    this.connection = null;
    this.isOpen = false;
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
