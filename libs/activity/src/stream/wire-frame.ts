import { Sender } from 'ws';

declare module 'ws' {
  interface FrameOptions {
    readonly fin: boolean;
    readonly opcode: number;
    readonly mask: boolean;
    readonly readOnly: boolean;
    readonly rsv1: boolean;
  }

  /** Exported by `ws`, missing in its types. */
  export const Sender: {
    frame(data: Buffer | string, options: FrameOptions): Buffer[];
  };
}

/** One unmasked, uncompressed text message in one frame (RFC 6455, section 5.2). */
const TEXT = { fin: true, opcode: 0x01, mask: false, readOnly: true, rsv1: false };

/** `text` as the bytes of one WebSocket frame, for any number of sockets. */
export function toWireFrame(text: string): Buffer {
  return Buffer.concat(Sender.frame(text, TEXT));
}
