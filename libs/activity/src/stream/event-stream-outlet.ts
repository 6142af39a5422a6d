import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { EVENT_STREAM } from './encoding.js';
import type { Outlet } from './outlet.js';

/** Clients ignore comments; proxies see that the connection lives. */
const COMMENT = Buffer.from(':\n\n');
/** When a client is to come back after the end of the answer. Milliseconds. */
const RETRY_MS = 1_000;

/** An answer that does not end: Server-Sent Events. */
export class EventStreamOutlet implements Outlet {
  readonly encoding = EVENT_STREAM;
  readonly takesCommands = false;
  readonly gone: Promise<void>;

  /** @param socket of the request: an answer that waits behind another on its connection is told of no end. */
  constructor(
    private readonly response: ServerResponse,
    private readonly socket: Socket,
    private readonly closeGraceMs: number,
  ) {
    this.gone = new Promise((resolve) => {
      if (!this.isOpen) resolve();
      response.once('close', resolve);
      socket.once('close', () => resolve());
    });
    response.on('error', () => undefined);
    if (!this.isOpen) return;
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // Proxies that gather answers hold events back.
      'X-Accel-Buffering': 'no',
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
  }

  get isOpen(): boolean {
    return !this.response.writableEnded && !this.response.destroyed && !this.socket.destroyed;
  }

  get waitingBytes(): number {
    return this.response.writableLength;
  }

  get takenBytes(): number {
    return this.socket.bytesWritten - this.socket.writableLength;
  }

  write(bytes: Buffer): void {
    this.response.write(bytes);
  }

  onDrain(listener: () => void): void {
    this.response.on('drain', listener);
  }

  /** A client that is gone is noticed by what is written to it. */
  checkLiveness(): void {
    if (this.isOpen) this.write(COMMENT);
  }

  /** There is no code that would have to arrive: the answer ends, with the reason in its last comment. */
  close(_code: number, reason: string): void {
    if (!this.isOpen) return;
    this.response.end(`: ${reason}\n\n`);
    const deadline = setTimeout(() => this.response.destroy(), this.closeGraceMs);
    void this.gone.then(() => clearTimeout(deadline));
  }
}
