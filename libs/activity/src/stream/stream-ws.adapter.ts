import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { WebSocketServer } from 'ws';
import { traceIdOf } from '#contract';
import { DomainError, newId } from '#kernel';
import { asksForWebSocket, declineUpgrade } from './decline-upgrade.js';
import { pathOf, StreamAdmission } from './stream-admission.js';

/** An HTTP answer to a request that asked for an upgrade; `body` is a problem document (RFC 9457). */
export interface UpgradeAnswer {
  readonly status: number;
  /** Beside those of the body and the connection; `WWW-Authenticate`, `Retry-After`, `X-Request-Id` as they apply. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How an error is answered; the application has the one table of statuses. */
export type ToUpgradeAnswer = (error: unknown, request: IncomingMessage) => UpgradeAnswer;

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Nest's adapter for `ws`, with an upgrade of its own: every request passes the door, must name a path that exists
 * and must be permitted, and a refusal is an HTTP answer like any other.
 */
export class StreamWsAdapter extends WsAdapter {
  private readonly upgradeLogger = new Logger('upgrade');
  private readonly admission: StreamAdmission;
  private readonly listeners = new Map<Server, UpgradeListener>();

  constructor(
    app: INestApplicationContext,
    private readonly toAnswer: ToUpgradeAnswer,
  ) {
    // The gateway reads messages itself; a parser that throws would log whatever a client sends.
    super(app, { messageParser: () => undefined });
    this.admission = app.get(StreamAdmission);
  }

  /** Unlike Nest's, logs no error for what a client does wrong: `ws` answers it with a close code. */
  override bindErrorHandler(server: WebSocketServer): WebSocketServer {
    server.on('connection', (client) =>
      client.on('error', (error) => this.upgradeLogger.debug(error.message)),
    );
    server.on('error', (error) => this.upgradeLogger.error(error));
    server.on('wsClientError', (error, socket, request) => {
      this.refuse(request, socket, new DomainError('BAD_REQUEST', `${error.message}.`));
    });
    return server;
  }

  override async dispose(): Promise<void> {
    for (const [server, listener] of this.listeners) server.off('upgrade', listener);
    this.listeners.clear();
    await super.dispose();
  }

  protected override ensureHttpServerExists(port: number, httpServer = createServer()): Server | undefined {
    if (this.httpServersRegistry.has(port)) return undefined;
    const listener: UpgradeListener = (request, socket, head) => {
      if (asksForWebSocket(request)) this.upgrade(port, request, socket, head);
      else declineUpgrade(httpServer, request, socket, head);
    };
    this.httpServersRegistry.set(port, httpServer);
    this.listeners.set(httpServer, listener);
    httpServer.on('upgrade', listener);
    return httpServer;
  }

  private upgrade(port: number, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node has no listener on a socket that asks for an upgrade; without one a reset would end the process.
    socket.on('error', () => socket.destroy());
    this.admit(port, request).then(
      (server) => this.take(server, request, socket, head),
      (error: unknown) => this.refuse(request, socket, error),
    );
  }

  /** The server that the request asks for. @throws what the admission throws. */
  private async admit(port: number, request: IncomingMessage): Promise<WebSocketServer> {
    this.admission.enter(request);
    const server = this.serverAt(port, pathOf(request));
    await this.admission.authorize(request, traceIdOf(request.headers['x-request-id']));
    return server;
  }

  private take(server: WebSocketServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client, request));
    } catch (error) {
      this.upgradeLogger.error(error, 'a connection could not be taken in');
      socket.destroy();
    }
  }

  /** @throws DomainError `NOT_FOUND` */
  private serverAt(port: number, path: string): WebSocketServer {
    const servers = (this.wsServersRegistry.get(port) ?? []) as WebSocketServer[];
    const server = servers.find((candidate) => candidate.path === path);
    if (!server) throw new DomainError('NOT_FOUND', 'There is nothing at this path.');
    return server;
  }

  private refuse(request: IncomingMessage, socket: Duplex, error: unknown): void {
    this.answer(request, socket, error).catch((failure: unknown) => {
      this.upgradeLogger.error(failure, 'a refusal could not be answered');
      socket.destroy();
    });
  }

  private async answer(request: IncomingMessage, socket: Duplex, error: unknown): Promise<void> {
    const first = this.toAnswer(error, request);
    const traceId = first.headers['X-Request-Id'] ?? newId();
    const settled = await this.admission.settle(request, error, traceId).catch((failure: unknown) => failure);
    const answer = settled === error ? first : this.toAnswer(settled, request);
    this.log(request, settled, answer.status, traceId);
    send(socket, answer);
  }

  private log(request: IncomingMessage, error: unknown, status: number, traceId: string): void {
    const code = error instanceof DomainError ? error.code : 'INTERNAL';
    const line = { trace_id: traceId, method: request.method, path: pathOf(request), code };
    const message = error instanceof Error ? error.message : String(error);
    if (code === 'INTERNAL' || code === 'STORE_UNAVAILABLE') {
      this.upgradeLogger.error({ ...line, err: error }, message);
    } else if (status === 401 || status === 403) {
      this.upgradeLogger.warn(line, message);
    } else this.upgradeLogger.debug(line, message);
  }
}

/** Writes an HTTP answer to a socket that no HTTP parser serves any more, and ends it. */
function send(socket: Duplex, { status, headers, body }: UpgradeAnswer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const lines = Object.entries({
    ...headers,
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    // RFC 6455, section 4.4: a handshake of another version is told which ones there are.
    'Sec-WebSocket-Version': '13, 8',
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value.replaceAll(/[^\t\x20-\x7e]/g, '')}\r\n`);
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
