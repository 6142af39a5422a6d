import { setTimeout as pause } from 'node:timers/promises';
import type { Clock, Principal } from '#kernel';
import type { Piece } from './channel.js';
import type { StreamPosition } from './encoding.js';
import { type Notice, toNotice } from './notice.js';
import { CLOSE, type Outlet, TOO_SLOW } from './outlet.js';
import type { Subscription } from './subscription.js';
import type { View } from './view.js';

/** Bounds of one connection. */
export interface StreamLimits {
  /** Beyond this, live frames are left out and replays wait. Bytes. */
  readonly maxWaitingBytes: number;
  /** Above this, commands wait. Bytes. */
  readonly maxWaitingReplyBytes: number;
  /** How long a client may take nothing of what waits for it. Milliseconds. */
  readonly stalledMs: number;
  /** How many times a client may come to have frames left out within `lagsMs`. */
  readonly maxLags: number;
  /** Milliseconds. */
  readonly lagsMs: number;
  /** How long a client may take to answer a close frame. Milliseconds. */
  readonly closeGraceMs: number;
}

export const STREAM_LIMITS: StreamLimits = {
  maxWaitingBytes: 1024 * 1024,
  maxWaitingReplyBytes: 16 * 1024,
  stalledMs: 30_000,
  maxLags: 20,
  lagsMs: 10 * 60_000,
  closeGraceMs: 3_000,
};

/** How many commands may wait for their turn. */
export const MAX_QUEUED = 64;
/** How often is looked whether a reply can be afforded. Milliseconds. */
const REPLY_MS = 20;

/** One connected client: what it has subscribed to, and how much of it it has not read. */
export class StreamClient {
  readonly subscriptions = new Map<string, Subscription>();
  private full = false;
  /** When it came to be full. Milliseconds, monotonic. */
  private lags: number[] = [];
  /** How much it had taken when it was looked at. Bytes. */
  private taken = 0;
  /** Since when it has taken nothing of what waits; null where it does, or nothing waits. Milliseconds, monotonic. */
  private stoppedAt: number | null = null;
  private readonly waiters: (() => void)[] = [];
  private queued = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(
    readonly principal: Principal,
    readonly view: View,
    readonly outlet: Outlet,
    private readonly limits: StreamLimits,
    private readonly clock: Clock,
  ) {
    outlet.onDrain(() => this.goOn());
    void outlet.gone.then(() => this.goOn());
  }

  get isOpen(): boolean {
    return this.outlet.isOpen;
  }

  /** Whether a reply to what it sent can be afforded. */
  get takesReplies(): boolean {
    return this.outlet.waitingBytes <= this.limits.maxWaitingReplyBytes;
  }

  /**
   * Has something done for the client when what it asked for before is done, and it has read what it was told.
   * @param work must not reject.
   */
  enqueue(work: () => Promise<void>): void {
    if (this.queued >= MAX_QUEUED) {
      this.close(CLOSE.policyViolation, 'too many commands at once');
      return;
    }
    this.queued += 1;
    this.last = this.last.then(async () => {
      while (this.isOpen && !this.takesReplies) await pause(REPLY_MS);
      if (this.isOpen) await work();
      this.queued -= 1;
    });
  }

  /** Writes live frames. @returns what was left out: all from where the client came to be full until it has read. */
  deliver(pieces: readonly Piece[]): readonly Piece[] {
    for (const [index, { bytes }] of pieces.entries()) {
      if (!this.isOpen) return [];
      if (!this.full && this.outlet.waitingBytes > this.limits.maxWaitingBytes) this.lag();
      if (this.full) return pieces.slice(index);
      this.outlet.write(bytes);
    }
    return [];
  }

  /** Writes a frame of a replay. @returns whether another may follow; else wait with {@link untilRead}. */
  replay(bytes: Buffer): boolean {
    this.write(bytes);
    return this.outlet.waitingBytes <= this.limits.maxWaitingBytes / 4;
  }

  /** Resolves when the client has read all that waited, or is gone. */
  untilRead(): Promise<void> {
    if (!this.isOpen) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** Sends a frame to this client alone. @param position what it has when it has the frame. */
  tell(type: string, content: Notice, position: StreamPosition | null = null): void {
    if (!this.isOpen) return;
    const text = toNotice(type, content, this.clock.now());
    this.write(this.outlet.encoding.encode(type, text, position));
  }

  /** Writes frames that were made for many. */
  write(bytes: Buffer): void {
    if (this.isOpen) this.outlet.write(bytes);
  }

  /** Lets go of a client that has stopped reading. */
  checkReading(): void {
    if (!this.isOpen) return;
    const now = performance.now();
    if (this.takesOn()) this.stoppedAt = null;
    else this.stoppedAt ??= now;
    if (this.stoppedAt !== null && now - this.stoppedAt >= this.limits.stalledMs) this.letGo();
  }

  /** Sends a client away that does not keep up. It may have much to read before it comes to the reason. */
  letGo(): void {
    const { stalledMs, closeGraceMs } = this.limits;
    this.outlet.close(CLOSE.tryAgainLater, TOO_SLOW, Math.max(stalledMs, closeGraceMs));
  }

  close(code: number, reason: string): void {
    this.outlet.close(code, reason);
  }

  /** Whether nothing waits, or something was taken since it was asked before. */
  private takesOn(): boolean {
    if (this.outlet.waitingBytes === 0) return true;
    const before = this.taken;
    this.taken = this.outlet.takenBytes;
    return this.taken !== before;
  }

  /** Notes that frames are left out from now on; a client that lags again and again is let go. */
  private lag(): void {
    this.full = true;
    const now = performance.now();
    this.lags = [...this.lags.filter((at) => now - at < this.limits.lagsMs), now];
    if (this.lags.length > this.limits.maxLags) this.letGo();
  }

  private goOn(): void {
    this.full = false;
    for (const subscription of this.subscriptions.values()) subscription.tellMissed();
    for (const resume of this.waiters.splice(0)) resume();
  }
}
