import { toWireFrame } from './wire-frame.js';

/** A place in the log that a client may come back to. */
export interface StreamPosition {
  /** Which log: of another one positions mean nothing. */
  readonly epoch: string;
  readonly seq: number;
}

/** How frames are written on one kind of connection. */
export interface Encoding {
  readonly name: string;
  /** @param text JSON. @param position what the client has when it has this; null where that does not move it. */
  encode(type: string, text: string, position: StreamPosition | null): Buffer;
}

/** One text message in one WebSocket frame. */
export const WEB_SOCKET: Encoding = { name: 'websocket', encode: (_type, text) => toWireFrame(text) };

/** One event of an event stream (HTML Standard, section 9.2.5). JSON text holds no line breaks. */
export const EVENT_STREAM: Encoding = {
  name: 'event-stream',
  encode: (type, text, position) =>
    Buffer.from(
      `${position ? `id: ${position.epoch}-${position.seq}\n` : ''}event: ${type}\ndata: ${text}\n\n`,
    ),
};

/** How an event of an event stream names its position. */
export const POSITION_FORM = /^([0-9a-f]{1,64})-(\d{1,15})$/;

/** The position in a `Last-Event-ID`; null for anything else. */
export function toPosition(id: string): StreamPosition | null {
  const [, epoch, seq] = POSITION_FORM.exec(id) ?? [];
  return epoch === undefined ? null : { epoch, seq: Number(seq) };
}
