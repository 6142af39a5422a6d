import { Logger } from '@nestjs/common';
import type { RecordedEvent } from '#kernel';
import { toFrame } from './frames.js';
import { toWireFrame } from './wire-frame.js';

/** Frames are joined up to this size, so that a burst of small events costs few writes a socket. Bytes. */
const PIECE_BYTES = 64 * 1024;

const logger = new Logger('FrameBatch');

/**
 * The frames of events that became visible together. Each event is serialised and framed at most once, when the
 * first client that may see it asks; clients that may see the same share the same bytes.
 */
export class FrameBatch {
  private readonly frames: (Buffer | null | undefined)[];
  private readonly pieces = new Map<string | null, readonly Buffer[]>();

  constructor(private readonly events: readonly RecordedEvent[]) {
    this.frames = new Array<undefined>(events.length).fill(undefined);
  }

  /** What a principal may see: with `agentId`, that agent's events alone; with null, all. Whole frames, in order. */
  visibleTo(agentId: string | null): readonly Buffer[] {
    let pieces = this.pieces.get(agentId);
    if (!pieces) {
      const frames: Buffer[] = [];
      this.events.forEach((event, index) => {
        if (agentId !== null && event.agentId !== agentId) return;
        const frame = this.frameOf(event, index);
        if (frame) frames.push(frame);
      });
      this.pieces.set(agentId, (pieces = join(frames)));
    }
    return pieces;
  }

  private frameOf(event: RecordedEvent, index: number): Buffer | null {
    let frame = this.frames[index];
    if (frame === undefined) this.frames[index] = frame = encode(event);
    return frame;
  }
}

/** An event that cannot be framed must not keep the others from being seen. */
function encode(event: RecordedEvent): Buffer | null {
  try {
    const text = toFrame(event);
    return text === null ? null : toWireFrame(text);
  } catch (error) {
    logger.error(error, `the event with seq ${event.seq} could not be framed`);
    return null;
  }
}

function join(frames: readonly Buffer[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  let waiting: Buffer[] = [];
  let bytes = 0;
  const flush = (): void => {
    const [first] = waiting;
    if (first) pieces.push(waiting.length === 1 ? first : Buffer.concat(waiting, bytes));
    waiting = [];
    bytes = 0;
  };
  for (const frame of frames) {
    if (bytes + frame.length > PIECE_BYTES) flush();
    waiting.push(frame);
    bytes += frame.length;
  }
  flush();
  return pieces;
}
