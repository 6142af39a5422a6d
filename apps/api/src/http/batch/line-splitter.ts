const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = 0xfeff;
const FIRST_HELD_BYTES = 4 * 1024;

/** A line that is longer than the limit; its bytes were not kept. */
export const TOO_LONG = Symbol('too long');

export type Line = string | typeof TOO_LONG;

/**
 * Cuts a stream of bytes into lines of UTF-8, ended by LF or by the stream. Holds no more than one unfinished line,
 * copied together, so that a client that sends single bytes costs no more than another. Bytes that are not UTF-8
 * become U+FFFD, as in other bodies; a byte order mark at the very beginning is left out.
 */
export class LineSplitter {
  private held: Buffer = Buffer.alloc(0);
  private heldBytes = 0;
  private tooLong = false;
  private first = true;

  /** @param maxBytes of a line, its LF left out. */
  constructor(private readonly maxBytes: number) {}

  /** The lines that end in `chunk`. Must be read to the end before the next chunk. */
  *push(chunk: Buffer): Generator<Line> {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      yield this.finish(chunk.subarray(from, end));
      from = end + 1;
    }
    this.hold(chunk.subarray(from));
  }

  /** The last line, where the stream did not end with LF. */
  end(): Line | null {
    return this.heldBytes === 0 && !this.tooLong ? null : this.finish(Buffer.alloc(0));
  }

  private finish(rest: Buffer): Line {
    if (this.heldBytes === 0 && !this.tooLong && rest.length <= this.maxBytes) return this.decode(rest);
    this.hold(rest);
    const line = this.tooLong ? TOO_LONG : this.decode(this.held.subarray(0, this.heldBytes));
    this.heldBytes = 0;
    this.tooLong = false;
    this.first = false;
    return line;
  }

  private hold(part: Buffer): void {
    const bytes = this.heldBytes + part.length;
    if (this.tooLong || bytes > this.maxBytes) {
      this.tooLong = true;
      this.heldBytes = 0;
      return;
    }
    if (bytes > this.held.length) {
      const grown = Buffer.allocUnsafe(Math.max(bytes, 2 * this.held.length, FIRST_HELD_BYTES));
      this.held.copy(grown, 0, 0, this.heldBytes);
      this.held = grown;
    }
    part.copy(this.held, this.heldBytes);
    this.heldBytes = bytes;
  }

  private decode(bytes: Buffer): string {
    const text = bytes.toString('utf8');
    const marked = this.first && text.charCodeAt(0) === BYTE_ORDER_MARK;
    this.first = false;
    return marked ? text.slice(1) : text;
  }
}
