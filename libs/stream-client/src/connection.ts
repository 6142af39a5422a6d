import type { Frame } from './frames.js';
import type { WebSocketLike } from './web-socket.js';

/** How a connection ended. `code` as in RFC 6455, section 7.4.1; 1006 where there was none. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

interface Ears {
  readonly opened: () => void;
  readonly heard: (frame: Frame) => void;
  /** Once, and nothing after it. */
  readonly ended: (ending: Ending) => void;
}

const OPEN = 1;

/** One connection, from its beginning to its one end; a silent one ends as well. */
export class Connection {
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private hasOpened = false;
  private over = false;

  /** @param silenceMs after so long without a frame it counts as lost. */
  constructor(
    private readonly socket: WebSocketLike,
    private readonly silenceMs: number,
    private readonly ears: Ears,
  ) {
    socket.onopen = () => {
      this.hasOpened = true;
      if (!this.over) this.ears.opened();
    };
    socket.onmessage = ({ data }) => this.hear(data);
    socket.onclose = ({ code, reason }) => this.end({ code, reason });
    // A close follows, but with Node 22 not where none was opened.
    socket.onerror = () => {
      if (!this.hasOpened) this.end({ code: 1006, reason: '' });
    };
    this.watch();
  }

  send(message: object): void {
    if (!this.over && this.socket.readyState === OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Ends it at once, whether the other side answers or not. */
  drop(reason: string): void {
    if (this.over) return;
    this.end({ code: 1006, reason });
    if (this.socket.terminate) this.socket.terminate();
    else this.socket.close();
  }

  /** Says good-bye; `ended` is not told any more. */
  close(): void {
    this.forget();
    this.socket.close(1000);
  }

  private hear(data: unknown): void {
    if (this.over) return;
    this.watch();
    const frame = typeof data === 'string' ? parse(data) : null;
    if (frame) this.ears.heard(frame);
    else this.drop('what came is no frame');
  }

  private watch(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.drop('nothing was heard any more'), this.silenceMs);
  }

  private end(ending: Ending): void {
    if (this.over) return;
    this.forget();
    this.ears.ended(ending);
  }

  private forget(): void {
    this.over = true;
    clearTimeout(this.watchdog);
  }
}

function parse(text: string): Frame | null {
  try {
    const value = JSON.parse(text) as Partial<Frame> | null;
    return typeof value?.type === 'string' ? (value as Frame) : null;
  } catch {
    return null;
  }
}
