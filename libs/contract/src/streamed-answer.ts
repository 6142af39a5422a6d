import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** How long a client may read nothing before it is cut off, once or twice that long. */
const STALLED_MS = 60_000;

/**
 * Answers as much text as `chunks` gives, no faster than the client reads. An answer that could not be ended is cut off,
 * so that nobody takes it for whole. What keeps the first chunk from being made is thrown, and nothing was sent then.
 */
export async function sendStream(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  chunks: AsyncGenerator<string>,
): Promise<void> {
  const first = await chunks.next();
  response.writeHead(200, headers);
  response.setTimeout(STALLED_MS, () => response.destroy());
  const all = async function* () {
    if (!first.done) yield first.value;
    yield* chunks;
  };
  try {
    await pipeline(Readable.from(all(), { highWaterMark: 1 }), response);
  } catch (error) {
    // Who asked is gone.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'))
      throw error;
  } finally {
    await chunks.return(undefined);
  }
}
