import type { Channel, Member, Piece } from './channel.js';
import type { StreamPosition } from './encoding.js';
import type { StreamClient } from './stream-client.js';
import type { StreamFilter } from './stream-filter.js';

/** What one client asks for. It gets live frames through a channel, and what it missed by a replay. */
export class Subscription implements Member {
  /** Null while it is replayed. */
  channel: Channel | null = null;
  /** Up to where a notice has told its client that it has all. */
  told = 0;
  private hasEnded = false;
  /** Whether frames were left out: then its client has less than was sent since, until it begins anew. */
  private hasLagged = false;
  private missed: { from: number; to: number } | null = null;

  constructor(
    readonly client: StreamClient,
    readonly filter: StreamFilter,
  ) {}

  get id(): string {
    return this.filter.id;
  }

  get isOver(): boolean {
    return this.hasEnded || !this.client.isOpen;
  }

  deliver(pieces: readonly Piece[]): void {
    const left = this.client.deliver(pieces);
    const [first, last] = [left[0], left.at(-1)];
    if (!first || !last) return;
    this.hasLagged = true;
    this.missed = { from: this.missed?.from ?? first.fromSeq, to: last.toSeq };
    // Whoever cannot ask for it here comes back with what it has.
    if (!this.client.outlet.takesCommands) this.client.letGo();
  }

  tellPosition(seq: number, notice: () => Buffer): void {
    if (this.hasLagged || seq <= this.told || !this.client.takesReplies) return;
    this.told = seq;
    this.client.write(notice());
  }

  /** Says which frames were left out, now that the client reads again. */
  tellMissed(): void {
    if (!this.missed) return;
    const { from, to } = this.missed;
    this.missed = null;
    this.tell('lagged', { from_seq: from, to_seq: to });
  }

  /** @param position what the client has of it when it has the frame. */
  tell(type: string, data: Readonly<Record<string, unknown>>, position: StreamPosition | null = null): void {
    this.client.tell(type, { data: { subscription: this.id, ...data } }, position);
  }

  end(): void {
    this.hasEnded = true;
    this.missed = null;
  }
}
