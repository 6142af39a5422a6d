import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import type { WebSocket } from 'ws';
import { WEB_SOCKET } from './encoding.js';
import type { Outlet } from './outlet.js';

const logger = new Logger('SocketOutlet');

/**
 * A WebSocket.
 *
 * Frames are made once for many clients and written to the TCP socket itself, past `ws`. They cannot end up
 * inside a frame of `ws` (pings, pongs, close frames): its `Sender` writes each frame whole and in one go, unless
 * it compresses or reads a Blob (then it queues) or is given a message in fragments. None of these is used here:
 * permessage-deflate is off, no Blob is sent, and no message either, since all text goes the way of `write`.
 * What is written here is whole frames too, so the byte stream is frame after frame. And nothing follows a close
 * frame: `ws` leaves the state OPEN in the same call that writes it.
 */
export class SocketOutlet implements Outlet {
  readonly encoding = WEB_SOCKET;
  readonly takesCommands = true;
  readonly gone: Promise<void>;
  private answered = true;
  private deadline: NodeJS.Timeout | undefined;
  /** When it is ended, whether the close frame was answered or not. Milliseconds, monotonic. */
  private endsAt = Infinity;

  /**
   * @param socket the TCP socket that `ws` runs on.
   * @param closeGraceMs how long the client may take to answer a close frame.
   */
  constructor(
    private readonly ws: WebSocket,
    private readonly socket: Socket,
    private readonly closeGraceMs: number,
  ) {
    this.gone = new Promise((resolve) => ws.once('close', () => resolve()));
    void this.gone.then(() => clearTimeout(this.deadline));
    ws.on('pong', () => (this.answered = true));
    // A client that breaks the protocol is told by `ws`, with a close code; there is nothing to add.
    ws.on('error', () => undefined);
  }

  get isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  get waitingBytes(): number {
    return this.socket.writableLength;
  }

  get takenBytes(): number {
    return this.socket.bytesWritten - this.socket.writableLength;
  }

  write(bytes: Buffer): void {
    this.attempt(() => this.socket.write(bytes));
  }

  onDrain(listener: () => void): void {
    this.socket.on('drain', listener);
  }

  checkLiveness(): void {
    this.attempt(() => {
      if (this.waitingBytes > 0) {
        // A ping before it may be out of reach as well.
        this.answered = true;
        return;
      }
      if (!this.answered) {
        this.ws.terminate();
        return;
      }
      this.answered = false;
      this.ws.ping();
    });
  }

  /** Once it is closed, a further call can only end it sooner. */
  close(code: number, reason: string, graceMs = this.closeGraceMs): void {
    const endsAt = performance.now() + graceMs;
    if (endsAt >= this.endsAt) return;
    this.endsAt = endsAt;
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.ws.terminate(), graceMs);
    this.deadline.unref();
    this.attempt(() => this.ws.close(code, reason));
  }

  private attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      logger.warn(error, 'a connection to the stream failed');
      this.ws.terminate();
    }
  }
}
