import {
  type EntryFrame,
  type Frame,
  isEntryFrame,
  type NoticeData,
  type Position,
  type StreamFilter,
} from './frames.js';

export type HistoryLost = NoticeData['history_lost'];
export type Lagged = NoticeData['lagged'];
export type Refusal = NoticeData['error'];

/** What becomes of a subscription; each is called in the order of the log. */
export interface SubscriptionHandlers {
  /** Each frame once, in order, over all reconnections. */
  readonly frame: (frame: EntryFrame) => void;
  /**
   * What came behind the position is gone, or belongs to another log: forget what you hold and read it from the lists.
   * @returns `oldest` to be told first what is left of the log; else it goes on live.
   */
  readonly historyLost?: (lost: HistoryLost) => 'oldest' | 'live' | undefined;
  /** Frames of a range were left out since they were not read; they come next. */
  readonly lagged?: (lagged: Lagged) => void;
  /** All that was missed has been told; what follows is live. */
  readonly live?: (position: Position) => void;
  /** The service does not take the subscription; it has ended. */
  readonly refused?: (refusal: Refusal) => void;
}

/** What a subscription needs of its client. */
export interface Line {
  readonly send: (command: object) => void;
  readonly nextId: () => string;
  /** Connects anew: the line is no longer to be relied on. */
  readonly restart: (reason: string) => void;
  /** Calls a handler of the user's, whose errors are not ours. */
  readonly call: <R>(handler: () => R) => R | undefined;
  readonly remove: (subscription: SubscriptionState) => void;
}

/** Answers come at once; where none has come with so many `stats`, which come every 10 s, the line is broken. */
const PATIENCE = 3;

/**
 * One subscription over all connections: where it stands, whether what comes follows on that, and what to ask for where
 * it does not. While it waits for an answer nothing counts, since all that follows the answer begins at its position.
 */
export class SubscriptionState {
  /** Its name on this connection; the service makes it from the filter. */
  private wireId: string | null = null;
  private awaiting: string | null = null;
  private waited = 0;

  constructor(
    readonly filter: StreamFilter,
    private readonly handlers: SubscriptionHandlers,
    public position: Position | null,
    private readonly line: Line,
  ) {}

  /** A new connection is open. */
  begin(): void {
    this.wireId = null;
    this.ask({ command: 'subscribe', filter: this.filter });
  }

  /** The connection is gone. */
  pause(): void {
    this.wireId = null;
    this.awaiting = null;
  }

  isOn(wireId: string): boolean {
    return this.wireId === wireId;
  }

  /** Asks for the end of it, where no other subscription is the same to the service. */
  end(others: Iterable<SubscriptionState>): void {
    const { wireId } = this;
    if (wireId === null || [...others].some((other) => other.isOn(wireId))) return;
    this.line.send({ command: 'unsubscribe', subscription: wireId });
  }

  take(frame: Frame): void {
    if (isEntryFrame(frame)) this.takeEntry(frame);
    else if (frame.type === 'subscribed') this.takeSubscribed(frame.data);
    else if (frame.type === 'history_lost') this.takeHistoryLost(frame.data);
    else if (frame.type === 'live') this.takeLive(frame.data);
    else if (frame.type === 'lagged') this.takeLagged(frame.data);
    else if (frame.type === 'error' && this.isAnswer(frame.data)) this.takeRefusal(frame.data);
    else if (frame.type === 'stats') this.loseHope();
  }

  private takeEntry(frame: EntryFrame): void {
    const { position } = this;
    if (!this.listensTo(frame) || !position || frame.seq <= position.seq) return;
    if (frame.prev_seq > position.seq) {
      this.recover();
      return;
    }
    this.moveTo(frame.seq);
    this.line.call(() => this.handlers.frame(frame));
  }

  private takeSubscribed(data: NoticeData['subscribed']): void {
    if (this.isAnswer(data)) {
      this.awaiting = null;
      this.wireId = data.subscription;
      this.position ??= { epoch: data.epoch, seq: data.seq };
    } else if (this.listensTo(data) && this.position && data.seq > this.position.seq) {
      // Another one that is the same to the service has begun further on.
      this.recover();
    }
  }

  private takeHistoryLost(lost: HistoryLost): void {
    if (!this.listensTo(lost)) return;
    const { epoch, seq, oldest_seq: oldest } = lost;
    this.position = { epoch, seq };
    if (this.line.call(() => this.handlers.historyLost?.(lost)) !== 'oldest') return;
    this.position = { epoch, seq: oldest - 1 };
    this.recover();
  }

  private takeLive(data: NoticeData['live']): void {
    if (!this.listensTo(data)) return;
    const position = this.moveTo(data.seq);
    if (position) this.line.call(() => this.handlers.live?.(position));
  }

  private takeLagged(lagged: Lagged): void {
    if (!this.listensTo(lagged) || !this.position || lagged.to_seq <= this.position.seq) return;
    this.recover();
    this.line.call(() => this.handlers.lagged?.(lagged));
  }

  private takeRefusal(refusal: Refusal): void {
    this.line.remove(this);
    this.line.call(() => this.handlers.refused?.(refusal));
  }

  private loseHope(): void {
    if (this.awaiting === null) return;
    this.waited += 1;
    if (this.waited > PATIENCE) this.line.restart('a command was not answered');
  }

  /** Something is missing behind the position: has it told again from there, on the same connection. */
  private recover(): void {
    this.ask({ command: 'resume', subscription: this.wireId });
  }

  private ask(command: object): void {
    this.awaiting = this.line.nextId();
    this.waited = 0;
    const { seq: since, epoch } = this.position ?? {};
    this.line.send({ ...command, since, epoch, request_id: this.awaiting });
  }

  private isAnswer({ request_id }: { readonly request_id?: string }): boolean {
    return this.awaiting !== null && request_id === this.awaiting;
  }

  private listensTo({ subscription }: { readonly subscription: string }): boolean {
    return this.awaiting === null && this.wireId === subscription;
  }

  private moveTo(seq: number): Position | null {
    if (this.position && seq > this.position.seq) this.position = { ...this.position, seq };
    return this.position;
  }
}
