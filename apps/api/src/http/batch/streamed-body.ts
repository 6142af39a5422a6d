import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { DomainError } from '#kernel';

/** How long a client may send nothing, ms. */
const SILENCE_MS = 60_000;

/** The connections on which a body is read as a stream. */
const streaming = new WeakSet<Duplex>();

/** True while a body is being read that is bounded by its silences and not by its duration. */
export function isStreaming(socket: Duplex): boolean {
  return streaming.has(socket);
}

/**
 * The body as it arrives; the socket is read no faster than this is. May take as long as it likes, but for its pauses.
 * @throws DomainError `BAD_REQUEST` when the client is gone, or silent for too long.
 */
export async function* chunksOf(request: IncomingMessage, silenceMs = SILENCE_MS): AsyncGenerator<Buffer> {
  const giveUp = () => void request.destroy();
  let silence = setTimeout(giveUp, silenceMs);
  streaming.add(request.socket);
  try {
    for await (const chunk of request) {
      clearTimeout(silence);
      yield chunk as Buffer;
      silence = setTimeout(giveUp, silenceMs);
    }
  } catch (error) {
    throw new DomainError('BAD_REQUEST', 'The body ended before its end.', [], { cause: error });
  } finally {
    clearTimeout(silence);
    streaming.delete(request.socket);
  }
}
