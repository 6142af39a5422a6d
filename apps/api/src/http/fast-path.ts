import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ContextRequest } from '#contract';
import type { Principal } from '#kernel';
import type { Authenticator, Door } from '#rbac';
import type { ErrorAnswers } from './error-answers.js';
import type { HotCall } from './hot-call.js';
import { traceIdOf } from './request-context.middleware.js';

const PLAIN_JSON = /^application\/json(; ?charset=utf-8)?$/i;

/** What stands before a handler, the same as on the routed path. */
export interface Entrance {
  readonly door: Door;
  readonly authenticator: Authenticator;
  readonly errors: ErrorAnswers;
  /** Bytes. */
  readonly bodyLimit: number;
  /** What every answer to a request without an Origin carries. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Answers the calls that hooks make at every step of an agent in front of Express and the router, which cost more than
 * all the rest of such a call. It takes only a request that is plainly in order: whatever is to be refused before
 * the handler, and whatever is unusual, goes the routed way, with its body if that has been read. So both ways can differ
 * in no refusal, and the handler, the service and the answers to errors are the same code.
 */
export class FastPath {
  private readonly calls: ReadonlyMap<string, HotCall>;

  constructor(
    calls: readonly HotCall[],
    private readonly entrance: Entrance,
    private readonly routed: RequestListener,
  ) {
    this.calls = new Map(calls.map((call) => [call.path, call]));
  }

  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    const call = request.method === 'POST' ? this.calls.get(request.url ?? '') : undefined;
    const principal = call && this.isPlain(request) ? this.admit(call, request) : null;
    if (!call || !principal) {
      this.routed(request, response);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void this.take(call, principal, Buffer.concat(chunks), request, response));
  };

  private isPlain({ headers }: IncomingMessage): boolean {
    return (
      PLAIN_JSON.test(headers['content-type'] ?? '') &&
      Number(headers['content-length']) > 0 &&
      Number(headers['content-length']) <= this.entrance.bodyLimit &&
      headers['content-encoding'] === undefined &&
      headers['idempotency-key'] === undefined &&
      headers.origin === undefined
    );
  }

  /** Who may make this call; null for whoever may not, or presents a token that is to be verified first. */
  private admit(call: HotCall, request: IncomingMessage): Principal | null {
    const { door, authenticator } = this.entrance;
    try {
      door.admit(request);
      const principal = authenticator.recognize(request.headers, request.socket.remoteAddress);
      return principal && authenticator.may(principal, call.permission) ? principal : null;
    } catch {
      return null;
    }
  }

  private async take(
    call: HotCall,
    principal: Principal,
    bytes: Buffer,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    let request: unknown;
    try {
      request = call.toRequest(JSON.parse(bytes.toString()));
    } catch {
      (incoming as ContextRequest).bytes = bytes;
      this.routed(incoming, response);
      return;
    }
    const traceId = traceIdOf(incoming.headers['x-request-id']);
    const headers = { ...this.entrance.headers, 'X-Request-Id': traceId };
    const context = { traceId, principal, route: call.route };
    try {
      const body = JSON.stringify(await call.handle(context, request));
      response.writeHead(call.status, {
        ...headers,
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': Buffer.byteLength(body),
      });
      response.end(body);
    } catch (error) {
      if (!response.headersSent)
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      const failed = { context, method: 'POST', target: call.path, peer: incoming.socket.remoteAddress };
      await this.entrance.errors.answer(error, failed, response);
    }
  }
}
