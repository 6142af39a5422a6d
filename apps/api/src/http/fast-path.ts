import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ContextRequest } from '#contract';
import type { OperationContext, Principal } from '#kernel';
import type { Authenticator, Door, Permission } from '#rbac';
import type { ErrorAnswers } from './error-answers.js';
import type { HotCall, HotRead } from './hot-call.js';
import { traceIdOf } from './request-context.middleware.js';

const PLAIN_JSON = /^application\/json(; ?charset=utf-8)?$/i;
const PLAIN_SEGMENT = /^[\w-]+$/;

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
 * Answers the calls that hooks and dashboards make again and again in front of Express and the router, which cost more than
 * all the rest of such a call. It takes only a request that is plainly in order: whatever is to be refused before
 * the handler, and whatever is unusual, goes the routed way, with its body if that has been read. So both ways can differ
 * in no refusal, and the handler, the service and the answers to errors are the same code.
 */
export class FastPath {
  private readonly calls: ReadonlyMap<string, HotCall>;

  constructor(
    calls: readonly HotCall[],
    private readonly reads: readonly HotRead[],
    private readonly entrance: Entrance,
    private readonly routed: RequestListener,
  ) {
    this.calls = new Map(calls.map((call) => [call.path, call]));
  }

  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    const taken = request.method === 'GET' ? this.read(request, response) : this.call(request, response);
    if (!taken) this.routed(request, response);
  };

  private read(request: IncomingMessage, response: ServerResponse): boolean {
    const { url = '' } = request;
    const read = this.reads.find(({ prefix }) => url.startsWith(prefix));
    const reference = url.slice(read?.prefix.length);
    if (!read || !PLAIN_SEGMENT.test(reference) || !read.isKnown(reference) || !isPlainRead(request))
      return false;
    const principal = this.admit(read.permission, request);
    if (!principal) return false;
    void this.answer(read.route, principal, request, response, () => read.handle(reference, response));
    return true;
  }

  private call(request: IncomingMessage, response: ServerResponse): boolean {
    const call = request.method === 'POST' ? this.calls.get(request.url ?? '') : undefined;
    const principal = call && this.isPlainCall(request) ? this.admit(call.permission, request) : null;
    if (!call || !principal) return false;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => this.take(call, principal, Buffer.concat(chunks), request, response));
    return true;
  }

  private isPlainCall({ headers }: IncomingMessage): boolean {
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
  private admit(permission: Permission, request: IncomingMessage): Principal | null {
    const { door, authenticator } = this.entrance;
    try {
      door.admit(request);
      const principal = authenticator.recognize(request.headers, request.socket.remoteAddress);
      return principal && authenticator.may(principal, permission) ? principal : null;
    } catch {
      return null;
    }
  }

  private take(
    call: HotCall,
    principal: Principal,
    bytes: Buffer,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): void {
    let request: unknown;
    try {
      request = call.toRequest(JSON.parse(bytes.toString()));
    } catch {
      (incoming as ContextRequest).bytes = bytes;
      this.routed(incoming, response);
      return;
    }
    response.statusCode = call.status;
    void this.answer(call.route, principal, incoming, response, (ctx) => call.handle(ctx, request));
  }

  private async answer(
    route: string,
    principal: Principal,
    { headers: sent, method = '', url = '', socket }: IncomingMessage,
    response: ServerResponse,
    handle: (ctx: OperationContext) => Promise<object | undefined>,
  ): Promise<void> {
    const traceId = traceIdOf(sent['x-request-id']);
    const headers = { ...this.entrance.headers, 'X-Request-Id': traceId };
    const context = { traceId, principal, route };
    try {
      const answer = await handle(context);
      if (answer === undefined) {
        response.writeHead(response.statusCode, headers).end();
        return;
      }
      const body = JSON.stringify(answer);
      response.writeHead(response.statusCode, {
        ...headers,
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': Buffer.byteLength(body),
      });
      response.end(body);
    } catch (error) {
      if (!response.headersSent)
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      const failed = { context, method, target: url, peer: socket.remoteAddress };
      await this.entrance.errors.answer(error, failed, response);
    }
  }
}

function isPlainRead({ headers }: IncomingMessage): boolean {
  return (
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers.origin === undefined
  );
}
