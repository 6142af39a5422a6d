import type { Encoding } from './encoding.js';
import type { FrameCursor } from './frame-cursor.js';
import type { StreamEvent } from './stream-event.js';
import type { StreamFilter } from './stream-filter.js';
import type { View } from './view.js';

/** Frames are joined up to this size, so that a burst of small events costs few writes a client. Bytes. */
const PIECE_BYTES = 64 * 1024;

/**
 * A write costs about the same for one frame as for a few. With more members than this, frames that come within the pause are written
 * together. Milliseconds.
 */
const FEW_MEMBERS = 100;
const PAUSE_MS = 20;

/** What a subscription wants, and how. */
export interface Interest {
  readonly filter: StreamFilter;
  readonly view: View;
  readonly encoding: Encoding;
}

/** Whole frames, to be written at once. */
export interface Piece {
  readonly bytes: Buffer;
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** Who takes the frames of a channel. */
export interface Member {
  deliver(pieces: readonly Piece[]): void;
  /** Learns that it has been handed all up to `seq`. @param notice what says so to a client. */
  tellPosition(seq: number, notice: () => Buffer): void;
}

/**
 * The live frames of all who ask for the same, may see the same and are written to in the same way. They share the bytes of each
 * frame, `prev_seq` included.
 */
export class Channel {
  private readonly members = new Set<Member>();
  private readonly waiting: { readonly seq: number; readonly bytes: Buffer }[] = [];
  private flushedAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly key: string,
    readonly interest: Interest,
    private readonly cursor: FrameCursor,
  ) {}

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  /** @param prevSeq what the member has seen last: nothing behind it, up to now, was for it. */
  join(member: Member, prevSeq: number): void {
    // Whoever comes has what waits for the others.
    this.flush();
    this.members.add(member);
    this.cursor.beginBy(prevSeq);
  }

  leave(member: Member): void {
    this.flush();
    this.members.delete(member);
  }

  /** Frames an event, if it is for it. @returns whether it is the first one that waits. */
  add(event: StreamEvent, epoch: string): boolean {
    const text = this.cursor.next(event);
    if (text === null) return false;
    const { seq, type } = event;
    const { encoding } = this.interest;
    this.waiting.push({ seq, bytes: encoding.encode(type ?? '', text, { epoch, seq }) });
    return this.waiting.length === 1;
  }

  /** Tells all members how far they have come, where the last frame does not tell it; what waits for them goes first. */
  tellPosition(seq: number, notice: () => Buffer): void {
    if (this.cursor.last >= seq) return;
    this.flush();
    for (const member of this.members) member.tellPosition(seq, notice);
  }

  /** Hands what waits to all members: now, or soon where there are many and they were just written to. */
  flushSoon(): void {
    const due = this.members.size > FEW_MEMBERS ? this.flushedAt + PAUSE_MS - performance.now() : 0;
    if (due <= 0) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), due);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length === 0) return;
    this.flushedAt = performance.now();
    const pieces = this.toPieces();
    for (const member of this.members) member.deliver(pieces);
  }

  private toPieces(): Piece[] {
    const pieces: Piece[] = [];
    let [start, bytes] = [0, 0];
    const cut = (end: number): void => {
      const frames = this.waiting.slice(start, end);
      const [first, last] = [frames[0], frames.at(-1)];
      if (!first || !last) return;
      const joined = first === last ? first.bytes : Buffer.concat(frames.map((frame) => frame.bytes));
      pieces.push({ bytes: joined, fromSeq: first.seq, toSeq: last.seq });
      [start, bytes] = [end, 0];
    };
    this.waiting.forEach((frame, index) => {
      if (bytes + frame.bytes.length > PIECE_BYTES) cut(index);
      bytes += frame.bytes.length;
    });
    cut(this.waiting.length);
    this.waiting.length = 0;
    return pieces;
  }
}
