import type { EntryData, NoticeData } from './frame-types.js';

export type { EntryData, NoticeData, StreamFilter } from './frame-types.js';

/** What a client has: all up to `seq` of the log `epoch`. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/** A frame of a recorded entry, by its type. */
export type EntryFrame = {
  readonly [T in keyof EntryData]: {
    readonly type: T;
    readonly data: EntryData[T];
    /** ISO 8601 UTC. */
    readonly timestamp: string;
    /** The entry's place in the log. */
    readonly seq: number;
    /** The `seq` of the frame before it in its subscription, or a place up to which nothing was for it. */
    readonly prev_seq: number;
    readonly subscription: string;
  };
}[keyof EntryData];

/** A frame that no entry caused, by its type. */
export type NoticeFrame =
  | { readonly type: 'connection'; readonly message: string; readonly timestamp: string }
  | {
      readonly [T in keyof NoticeData]: {
        readonly type: T;
        readonly data: NoticeData[T];
        readonly timestamp: string;
      };
    }[keyof NoticeData];

export type Frame = EntryFrame | NoticeFrame;

export function isEntryFrame(frame: Frame): frame is EntryFrame {
  return 'seq' in frame;
}
