import { Injectable } from '@nestjs/common';
import { HistoryLost, type Principal } from '#kernel';
import { Authenticator } from '#rbac';
import { FrameCursor } from './frame-cursor.js';
import { StreamFeed } from './stream-feed.js';
import type { StreamFilter } from './stream-filter.js';
import { StreamLog } from './stream-log.js';
import { viewOf } from './view.js';

/** How much of the log one page goes through, so that none takes long however few entries are for it. */
const WINDOW = 5_000;
/** After how much text a page ends, however many frames are left. */
const MAX_CHARS = 1024 ** 2;

export interface PageRequest {
  readonly filter: StreamFilter;
  /** The page begins behind it; undefined for the oldest entry. */
  readonly after: number | undefined;
  /** The log that the client means; undefined for the present one. */
  readonly epoch: string | undefined;
  readonly limit: number;
}

export interface StreamPage {
  readonly epoch: string;
  /** From where on all entries are there. */
  readonly oldestSeq: number;
  readonly newestSeq: number;
  /** Behind which the next page begins. */
  readonly nextAfterSeq: number;
  /** JSON texts, in log order. */
  readonly frames: readonly string[];
}

/** The stream for clients that ask for it piece by piece. */
@Injectable()
export class StreamPages {
  constructor(
    private readonly log: StreamLog,
    private readonly feed: StreamFeed,
    private readonly authenticator: Authenticator,
  ) {}

  /** @throws HistoryLost where entries behind `after` are gone, or are of another log. */
  async page(principal: Principal, { filter, after, epoch, limit }: PageRequest): Promise<StreamPage> {
    const { logId, size, removableTo } = await this.log.standing();
    if (epoch !== undefined && epoch !== logId) throw lost('The log is another one.', removableTo);
    const begin = after ?? removableTo;
    if (begin > size) throw lost(`The log ends at ${size}.`, removableTo);
    const end = Math.min(size, begin + WINDOW);
    const frames: string[] = [];
    const cursor = new FrameCursor(filter, viewOf(principal, this.authenticator), this.feed.agents, begin);
    let [at, chars] = [begin, 0];
    while (at < end && frames.length < limit && chars < MAX_CHARS) {
      const events = await this.feed.stored(at);
      if (!events) throw lost(`Entries behind ${at} are gone.`, (await this.log.standing()).removableTo);
      for (const event of events) {
        if (at >= end || frames.length >= limit || chars >= MAX_CHARS) break;
        at = event.seq;
        const frame = cursor.next(event);
        if (frame === null) continue;
        frames.push(frame);
        chars += frame.length;
      }
    }
    return { epoch: logId, oldestSeq: removableTo + 1, newestSeq: size, nextAfterSeq: at, frames };
  }
}

function lost(detail: string, removableTo: number): HistoryLost {
  return new HistoryLost(detail, removableTo + 1);
}
