import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** Headers that ask for the upgrade; without them the request is an ordinary one. */
const UPGRADE_HEADERS = new Set(['upgrade', 'http2-settings', 'connection']);

/**
 * Goes on in HTTP/1.1 with a client that offers another protocol, such as `Upgrade: h2c`, as RFC 9110, section 7.8
 * allows. Node hands every such request to the upgrade listener, so it is put back on the wire without the offer
 * and the connection is given to the server anew.
 * @param head what followed the headers, the beginning of a body
 */
export function declineUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i] ?? '';
    if (!UPGRADE_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${request.rawHeaders[i + 1]}`);
  }
  const keepsAlive = !/(^|,)\s*close\s*(,|$)/i.test(request.headers.connection ?? '');
  lines.push(`Connection: ${keepsAlive ? 'keep-alive' : 'close'}`, '', '');
  // Node reads and writes headers as latin1, so no byte is lost on the way.
  socket.unshift(Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), head]));
  server.emit('connection', socket);
}

/** RFC 6455, section 4.2.1. */
export function asksForWebSocket(request: IncomingMessage): boolean {
  return /(^|,)\s*websocket\s*(,|$)/i.test(request.headers.upgrade ?? '');
}
