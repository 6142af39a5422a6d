import type { ServerResponse } from 'node:http';
import { type BatchItemResponse, NDJSON } from '#contract';

/** What a client that does not read yet may make this process keep. */
const MAX_LINES = 10_000;
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * The answer to lines. It is written without waiting for the client to read: one that sends everything first would
 * wait for ever. So what is written is bounded, and beyond the bounds rejected items are only counted.
 */
export class RejectedLines {
  private lines = 0;
  private bytes = 0;
  private open = true;

  constructor(private readonly response: ServerResponse) {}

  /** Writes the rejected ones among `results`. */
  write(results: readonly BatchItemResponse[]): void {
    let text = '';
    for (const result of results) {
      if (!this.open || result.error === undefined) continue;
      const line = `${JSON.stringify(result)}\n`;
      const bytes = Buffer.byteLength(line);
      this.open = this.lines < MAX_LINES && this.bytes + bytes <= MAX_BYTES;
      if (!this.open) break;
      this.lines += 1;
      this.bytes += bytes;
      text += line;
    }
    if (text !== '' && !this.response.destroyed) this.begin().write(text);
  }

  end(summary: { readonly accepted: number; readonly rejected: number }): void {
    this.begin().end(`${JSON.stringify(summary)}\n`);
  }

  private begin(): ServerResponse {
    if (!this.response.headersSent) this.response.writeHead(200, { 'Content-Type': NDJSON });
    return this.response;
  }
}
