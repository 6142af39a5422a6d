import { Logger } from '@nestjs/common';
import { weightOf } from '#audit';
import { formatTime } from '#contract';
import type { RecordedEvent } from '#kernel';
import { type FrameForm, formOf } from '../frames.js';

const logger = new Logger('StreamEvent');

/** An entry of the log on its way to clients. It is serialised at most once, when the first of them is to see it. */
export class StreamEvent {
  private readonly form: FrameForm | null;
  private text: string | null | undefined;

  constructor(readonly event: RecordedEvent) {
    this.form = formOf(event);
  }

  get seq(): number {
    return this.event.seq;
  }

  /** About what it takes in memory. Bytes. */
  get weight(): number {
    return weightOf(this.event);
  }

  /** The type of its frame; null where it has none. */
  get type(): string | null {
    return this.form?.type ?? null;
  }

  /** What it takes to see it. */
  get permission(): FrameForm['permission'] | null {
    return this.form?.permission ?? null;
  }

  /**
   * Its frame in a subscription, as JSON; null where it has nothing to show.
   * @param prevSeq the `seq` of the frame before it there.
   */
  frame(prevSeq: number, subscription: string): string | null {
    if (this.text === undefined) this.text = this.serialise();
    return this.text === null ? null : `${this.text},"prev_seq":${prevSeq},"subscription":"${subscription}"}`;
  }

  /** All but the members that differ by subscription. An event that cannot be framed must not keep others from being seen. */
  private serialise(): string | null {
    const { seq, recordedAt } = this.event;
    try {
      const data = this.form?.data(this.event) ?? null;
      if (data === null) return null;
      return `{"type":"${this.type}","data":${data},"timestamp":"${formatTime(recordedAt)}","seq":${seq}`;
    } catch (error) {
      logger.error(error, `the event with seq ${seq} could not be framed`);
      return null;
    }
  }
}
