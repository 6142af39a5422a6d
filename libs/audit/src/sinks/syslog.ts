import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { lookupAllowed } from './addresses.js';
import type { AuditSink, Batch, Outcome } from './sink.js';
import { hostOf } from './sink-target.js';
import { toFrame } from './syslog-message.js';

/** Within it a receiver that closes without reading has been heard of. */
const SETTLE_MS = 100;

/**
 * Sends a batch over a connection of its own (RFC 6587; RFC 5425 for TLS). TCP confirms nothing by itself; but a receiver that
 * has read to our end closes its own, while one that closes with something unread, or dies, resets the connection.
 * @throws Error where the connection is not made, breaks, or is not closed by the receiver after our end.
 */
export async function sendSyslog(
  { target }: AuditSink,
  { entries }: Batch,
  signal: AbortSignal,
): Promise<Outcome> {
  const socket = connect(new URL(target));
  const abort = (): void => void socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort);
  try {
    signal.throwIfAborted();
    const closed = whenClosed(socket);
    await Promise.race([closed, write(socket, entries.map(toFrame).join(''))]);
    await Promise.race([closed, wait(SETTLE_MS)]);
    if (socket.readableEnded || socket.destroyed)
      throw new Error('the receiver closed before it had read all');
    socket.end();
    await closed;
    return { kind: 'delivered' };
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

function connect(url: URL): Socket {
  const to = { host: hostOf(url), port: Number(url.port), lookup: lookupAllowed };
  if (url.protocol === 'syslog+tcp:') return connectTcp(to);
  return connectTls({ ...to, ...(isIP(to.host) === 0 ? { servername: to.host } : {}) });
}

function write(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(text, 'latin1', (error) => (error ? reject(error) : resolve()));
  });
}

/** Resolves when both sides have ended, and rejects where the connection breaks. */
function whenClosed(socket: Socket): Promise<void> {
  const closed = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
  // It may break while nobody waits for it.
  closed.catch(() => undefined);
  // What a receiver says is no part of the protocol.
  socket.resume();
  return closed;
}
