import type { AgentDirectory } from '#kernel';
import type { StreamEvent } from './stream-event.js';
import type { StreamFilter } from './stream-filter.js';
import { isVisible, type View } from './view.js';

/** What one reading of the log is for, and how far it has come: each frame names the one before it. */
export class FrameCursor {
  private hasMoved = false;

  /** @param prevSeq the `prev_seq` of the first frame. */
  constructor(
    private readonly filter: StreamFilter,
    private readonly view: View,
    private readonly agents: AgentDirectory,
    private prevSeq: number,
  ) {}

  /** The `seq` of the last frame, or where it began. */
  get last(): number {
    return this.prevSeq;
  }

  /** The event's frame, as JSON; null where it is not for this reading, or has nothing to show. */
  next(event: StreamEvent): string | null {
    if (!isVisible(event, this.view) || !this.filter.matches(event, this.agents)) return null;
    const frame = event.frame(this.prevSeq, this.filter.id);
    if (frame === null) return null;
    this.prevSeq = event.seq;
    this.hasMoved = true;
    return frame;
  }

  /** Has the first frame, where it is still to come, name nothing behind `seq`. */
  beginBy(seq: number): void {
    if (!this.hasMoved) this.prevSeq = Math.min(this.prevSeq, seq);
  }
}
