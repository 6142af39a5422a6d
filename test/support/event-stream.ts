import { type IncomingMessage, request } from 'node:http';
import { once } from 'node:events';
import type { ReceivedFrame } from './stream.js';
import type { TestService } from './service.js';

/** One event of an event stream. */
export interface ReceivedEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: ReceivedFrame;
}

/** A client of Server-Sent Events that keeps what it receives. */
export class EventStreamListener {
  readonly events: ReceivedEvent[] = [];
  comments = 0;
  readonly ended: Promise<void>;
  private rest = '';
  private wake = (): void => undefined;

  private constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.take(text));
    response.on('error', () => undefined);
    this.ended = new Promise((resolve) => response.once('close', resolve));
    void this.ended.then(() => this.wake());
  }

  /** @param path behind `/api/v1`. */
  static async open(
    { service }: TestService,
    query = '',
    headers: Record<string, string> = {},
  ): Promise<EventStreamListener> {
    const asked = request({
      ...{ host: '127.0.0.1', port: service.port, path: `/api/v1/agents/activity/events${query}` },
      headers,
    });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return new EventStreamListener(response);
  }

  /** Resolves with the first event of that type. */
  async next(type: string): Promise<ReceivedEvent> {
    for (;;) {
      const found = this.events.find(({ event }) => event === type);
      if (found) return found;
      await this.more();
    }
  }

  /** Resolves with the frames of entries when there are so many. */
  async recorded(count: number): Promise<readonly ReceivedEvent[]> {
    for (;;) {
      const entries = this.events.filter(({ data }) => data.seq !== undefined);
      if (entries.length >= count) return entries;
      await this.more();
    }
  }

  close(): Promise<void> {
    this.response.destroy();
    return this.ended;
  }

  private async more(): Promise<void> {
    if (this.response.destroyed) throw new Error('the event stream has ended');
    await new Promise<void>((resolve) => (this.wake = resolve));
  }

  /** HTML Standard, section 9.2.6, as far as this service makes use of it. */
  private take(text: string): void {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split('\n');
      this.comments += lines.filter((line) => line.startsWith(':')).length;
      const fields = new Map(
        lines.map((line) => [line.split(':', 1)[0] ?? '', line.slice(line.indexOf(':') + 1).trim()]),
      );
      const data = fields.get('data');
      if (data === undefined) continue;
      this.events.push({
        id: fields.get('id') ?? null,
        event: fields.get('event') ?? 'message',
        data: JSON.parse(data) as ReceivedFrame,
      });
    }
    this.wake();
  }
}
