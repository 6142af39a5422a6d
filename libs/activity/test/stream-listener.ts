import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';

export interface ReceivedFrame {
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly timestamp: string;
  readonly seq?: number;
  readonly prev_seq?: number;
  readonly subscription?: string;
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

  /** Resolves when `count` frames of entries have come in all, or the connection is over. */
  async recorded(count: number): Promise<readonly ReceivedFrame[]> {
    const missing = (): number => count - this.entries.length;
    while (missing() > 0 && this.ws.readyState === this.ws.OPEN)
      await this.received(this.frames.length + missing());
    return this.entries;
  }

  /** Frames of entries. */
  get entries(): ReceivedFrame[] {
    return this.frames.filter(({ seq }) => seq !== undefined);
  }

  /** Resolves with the first frame of that type, of those behind the first `from`. */
  async next(type: string, from = 0): Promise<ReceivedFrame> {
    for (;;) {
      const found = this.frames.slice(from).find((frame) => frame.type === type);
      if (found) return found;
      if (this.ws.readyState !== this.ws.OPEN) throw new Error(`the stream ended before a frame ${type}`);
      await this.received(this.frames.length + 1);
    }
  }

  /** Of the frames of entries. */
  get sequence(): (number | undefined)[] {
    return this.entries.map(({ seq }) => seq);
  }
}
