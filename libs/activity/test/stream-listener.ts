import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';

export interface ReceivedFrame {
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly timestamp: string;
  readonly seq?: number;
}

/** A client of the stream that keeps what it receives. */
export class StreamListener {
  readonly frames: ReceivedFrame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  private waiting: { count: number; resolve: () => void }[] = [];

  private constructor(readonly ws: WebSocket) {
    this.closed = new Promise((resolve) =>
      ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    ws.on('error', () => undefined);
    ws.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()) as ReceivedFrame);
      for (const { count, resolve } of this.waiting) if (this.frames.length >= count) resolve();
    });
  }

  static async connect(url: string, options: ClientOptions = {}): Promise<StreamListener> {
    const listener = new StreamListener(new WebSocket(url, { perMessageDeflate: false, ...options }));
    await once(listener.ws, 'open');
    return listener;
  }

  /** Resolves when `count` frames have come in all, or the connection is over. */
  async received(count: number): Promise<readonly ReceivedFrame[]> {
    const enough = new Promise<void>((resolve) => {
      this.waiting.push({ count, resolve });
      if (this.frames.length >= count) resolve();
    });
    await Promise.race([enough, this.closed]);
    return this.frames;
  }

  get sequence(): (number | undefined)[] {
    return this.frames.map((frame) => frame.seq);
  }
}
