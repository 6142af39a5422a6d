import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import type { WebSocket } from 'ws';
import type { Principal } from '#kernel';
import { toWireFrame } from './wire-frame.js';

/** Bounds of one connection. */
export interface StreamLimits {
  /** A client that left more than this unread when the next events come is let go. Bytes. */
  readonly maxBufferedBytes: number;
  /** Above this nothing is replied to what a client sends. Bytes. */
  readonly maxBufferedReplyBytes: number;
  /** How long a client may take to answer a close frame. Milliseconds. */
  readonly closeGraceMs: number;
}

export const STREAM_LIMITS: StreamLimits = {
  maxBufferedBytes: 1024 * 1024,
  maxBufferedReplyBytes: 16 * 1024,
  closeGraceMs: 3_000,
};

/** RFC 6455, section 7.4.1, and the IANA registry of close codes for 1013. */
export const CLOSE = { goingAway: 1001, policyViolation: 1008, tryAgainLater: 1013 } as const;

const logger = new Logger('StreamClient');

/**
 * One connected client: writes frames to it, within bounds, and sees it out.
 *
 * Frames that are made once for all clients are written to the TCP socket itself, past `ws`. They cannot end up
 * inside a frame of `ws` (pings, pongs, close frames): its `Sender` writes each frame whole and in one go, unless
 * it compresses or reads a Blob (then it queues) or is given a message in fragments. None of these is used here:
 * permessage-deflate is off, no Blob is sent, and no message either, since all text goes the way of `deliver`.
 * What is written here is whole frames too, so the byte stream is frame after frame. And nothing follows a close
 * frame: `ws` leaves the state OPEN in the same call that writes it.
 */
export class StreamClient {
  /** Resolves when the connection is over. */
  readonly gone: Promise<void>;
  private answered = true;
  private deadline: NodeJS.Timeout | undefined;

  /** @param socket the TCP socket that `ws` runs on. */
  constructor(
    readonly principal: Principal,
    private readonly ws: WebSocket,
    private readonly socket: Socket,
    private readonly limits: StreamLimits,
  ) {
    this.gone = new Promise((resolve) => ws.once('close', () => resolve()));
    void this.gone.then(() => clearTimeout(this.deadline));
    ws.on('pong', () => (this.answered = true));
    // A client that breaks the protocol is told by `ws`, with a close code; there is nothing to add.
    ws.on('error', () => undefined);
  }

  /**
   * Writes whole frames. A client that has not taken what came before is closed with 1013 instead. It is judged
   * before a batch and not within it, so that a large commit does not cost the clients that do read: what waits
   * for one is at most the bound and one batch, whose bytes all clients share.
   */
  deliver(frames: readonly Buffer[]): void {
    if (frames.length === 0 || this.ws.readyState !== this.ws.OPEN) return;
    try {
      if (this.socket.writableLength > this.limits.maxBufferedBytes) {
        this.close(CLOSE.tryAgainLater, 'too slow: events were left unread');
        return;
      }
      for (const frame of frames) this.socket.write(frame);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Sends one text message to this client alone. */
  send(text: string): void {
    this.deliver([toWireFrame(text)]);
  }

  /** Whether a reply to what the client sent can be afforded: one that floods and does not read gets none. */
  takesReplies(): boolean {
    return this.socket.writableLength <= this.limits.maxBufferedReplyBytes;
  }

  /** Asks for a sign of life, and ends the connection where the one asked for before did not come. */
  checkLiveness(): void {
    try {
      if (!this.answered) {
        this.ws.terminate();
        return;
      }
      this.answered = false;
      this.ws.ping();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Sends a close frame, and ends the connection itself where the client does not. @param reason up to 123 bytes. */
  close(code: number, reason: string): void {
    if (this.deadline) return;
    this.deadline = setTimeout(() => this.ws.terminate(), this.limits.closeGraceMs);
    this.deadline.unref();
    try {
      this.ws.close(code, reason);
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    logger.warn(error, 'a connection to the stream failed');
    this.ws.terminate();
  }
}
