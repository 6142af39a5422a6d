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
  /** @returns the `request_id` of the answer. */
  readonly send: (command: object) => string;
  /** Connects anew: the line is no longer to be relied on. */
  readonly restart: (reason: string) => void;
  /** Calls a handler of the user's, whose errors are not ours. */
  readonly call: <R>(handler: () => R) => R | undefined;
  readonly remove: (subscription: SubscriptionState) => void;
}

/** Answers come at once; where none has come with so many `stats`, which come every 10 s, the line is broken. */
const PATIENCE = 3;
/** What the service could not do now says nothing about the subscription. */
const FAILURES: readonly string[] = ['STORE_UNAVAILABLE', 'INTERNAL'];

/**
 * One subscription over all connections: where it stands, whether what comes follows on that, and what to ask for where
 * it does not. While it waits for an answer nothing counts, since all that follows the answer begins at its position.
 */
export class SubscriptionState {
  /** Its name on this connection; the service makes it from the filter. */
  private wireId: string | null = null;
  /** The log that its frames are of. */
  private epoch: string | null = null;
  private awaiting: string | null = null;
  private waited = 0;

  constructor(
    readonly filter: StreamFilter,
    private readonly handlers: SubscriptionHandlers,
    public position: Position | null,
    private readonly line: Line,
  ) {}

  /** A new connection is open, or the service has it no longer on this one. */
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

  /**
   * Asks for the end of it, where no other subscription is known to be the same to the service. One that awaits its answer may be:
   * it is told `unsubscribed`, and begins again.
   */
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
    else if (frame.type === 'unsubscribed') this.takeUnsubscribed(frame.data);
    else if (frame.type === 'stats') this.loseHope();
    else if (frame.type === 'position') this.takeReached(frame.data);
  }

  private takeEntry(frame: EntryFrame): void {
    const { position } = this;
    if (!this.listensTo(frame) || !position || this.recoversLog() || frame.seq <= position.seq) return;
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
      this.epoch = data.epoch;
      this.position ??= { epoch: data.epoch, seq: data.seq };
    } else if (this.listensTo(data)) {
      this.epoch = data.epoch;
      // Another one that is the same to the service has begun further on.
      if (this.isOfThisLog() && this.isBehind(data.seq)) this.recover();
    }
  }

  private takeUnsubscribed(data: NoticeData['unsubscribed']): void {
    // Another one that is the same to the service was closed.
    if (this.listensTo(data)) this.begin();
  }

  private takeHistoryLost(lost: HistoryLost): void {
    if (!this.listensTo(lost)) return;
    this.epoch = lost.epoch;
    if (this.loses(lost)) this.lose(lost);
    // Another one that is the same to the service has lost its place, and goes on from here.
    else if (this.isBehind(lost.seq)) this.recover();
  }

  private lose(lost: HistoryLost): void {
    const { epoch, seq, oldest_seq: oldest } = lost;
    this.position = { epoch, seq };
    if (this.line.call(() => this.handlers.historyLost?.(lost)) !== 'oldest') return;
    this.position = { epoch, seq: oldest - 1 };
    this.recover();
  }

  private takeLive(data: NoticeData['live']): void {
    if (!this.listensTo(data) || this.recoversLog()) return;
    const position = this.moveTo(data.seq);
    if (position) this.line.call(() => this.handlers.live?.(position));
  }

  private takeLagged(lagged: Lagged): void {
    if (!this.listensTo(lagged) || this.recoversLog() || !this.isBehind(lagged.to_seq)) return;
    this.recover();
    this.line.call(() => this.handlers.lagged?.(lagged));
  }

  /** Nothing up to there is missing. */
  private takeReached(reached: NoticeData['position']): void {
    if (!this.listensTo(reached)) return;
    this.epoch = reached.epoch;
    if (!this.recoversLog()) this.moveTo(reached.seq);
  }

  private takeRefusal(refusal: Refusal): void {
    if (FAILURES.includes(refusal.code)) this.line.restart(refusal.message);
    else if (refusal.code === 'SUBSCRIPTION_NOT_FOUND') this.begin();
    else this.refuse(refusal);
  }

  private refuse(refusal: Refusal): void {
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

  /** Where the service has begun another log, the position means nothing in it: asking tells what became of the one before. */
  private recoversLog(): boolean {
    if (this.isOfThisLog()) return false;
    this.recover();
    return true;
  }

  private ask(command: object): void {
    const { seq: since, epoch } = this.position ?? {};
    this.awaiting = this.line.send({ ...command, since, epoch });
    this.waited = 0;
  }

  private isAnswer({ request_id }: { readonly request_id?: string }): boolean {
    return this.awaiting !== null && request_id === this.awaiting;
  }

  private listensTo({ subscription }: { readonly subscription: string }): boolean {
    return this.awaiting === null && this.wireId === subscription;
  }

  private isOfThisLog(): boolean {
    return this.position?.epoch === this.epoch;
  }

  private isBehind(seq: number): boolean {
    return this.position !== null && this.position.seq < seq;
  }

  /** Whether what comes behind the position is gone, or the position is none of that log. */
  private loses({ oldest_seq: oldest, seq: newest }: HistoryLost): boolean {
    const at = this.position?.seq ?? newest;
    return !this.isOfThisLog() || at < oldest - 1 || at > newest;
  }

  private moveTo(seq: number): Position | null {
    if (this.position && seq > this.position.seq) this.position = { ...this.position, seq };
    return this.position;
  }
}
