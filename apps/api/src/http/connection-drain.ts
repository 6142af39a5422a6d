import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';

/** How long an idle connection stays open for a request that is on its way. */
const GRACE_MS = 300;
const SWEEP_MS = 50;

/**
 * Ends a server's connections without cutting off a request. Each is told with its next answer that it ends;
 * those that bring no request any more are closed after a while.
 */
export class ConnectionDrain {
  private readonly answering = new Set<ServerResponse>();
  private draining = false;

  constructor(private readonly server: Server) {
    server.prependListener('request', (_request, response) => this.follow(response));
  }

  /**
   * Stops listening, and resolves when the last connection is gone.
   * @param listeners the sockets that take in connections for the server.
   * @param deadlineMs when whatever is left is cut off.
   */
  async drain(listeners: readonly NetServer[], deadlineMs: number): Promise<void> {
    this.draining = true;
    for (const response of this.answering) announceEnd(response);
    const calm = performance.now() + GRACE_MS;
    const sweep = setInterval(() => {
      if (performance.now() >= calm) this.server.closeIdleConnections();
    }, SWEEP_MS);
    const deadline = setTimeout(() => this.server.closeAllConnections(), deadlineMs);
    await Promise.all(listeners.map(stopListening));
    clearInterval(sweep);
    clearTimeout(deadline);
  }

  private follow(response: ServerResponse): void {
    if (this.draining) announceEnd(response);
    this.answering.add(response);
    response.once('close', () => this.answering.delete(response));
  }
}

function announceEnd(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}

/** An HTTP server's own `close` would cut off idle connections at once. Resolves when all have ended. */
function stopListening(listener: NetServer): Promise<unknown> {
  return new Promise((resolve) => NetServer.prototype.close.call(listener, resolve));
}
