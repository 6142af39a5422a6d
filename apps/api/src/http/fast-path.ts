import type {
  IncomingHttpHeaders,
  IncomingMessage,
  OutgoingHttpHeaders,
  RequestListener,
  ServerResponse,
} from 'node:http';
import { type AnswerHead, type ContextRequest, traceIdOf } from '#contract';
import { type OperationContext, perObject, type Principal } from '#kernel';
import type { Authenticator, Door, Permission } from '#rbac';
import type { ErrorAnswers } from './error-answers.js';
import type { HotCall, HotRead } from './hot-call.js';
import { SharedWork } from './shared-work.js';

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
 * Answers the calls that hooks and dashboards make again and again in front of Express and the router, which cost more than
 * all the rest of such a call. It takes only a request that is plainly in order: whatever is to be refused before
 * the handler, and whatever is unusual, goes the routed way, with its body if that has been read. So both ways can differ
 * in no refusal, and the handler, the service and the answers to errors are the same code.
 */
export class FastPath {
  private readonly calls: ReadonlyMap<string, HotCall>;
  private readonly reads: ReadonlyMap<string, HotRead>;
  private readonly reading = new SharedWork<Answer>();

  constructor(
    calls: readonly HotCall[],
    reads: readonly HotRead[],
    private readonly entrance: Entrance,
    private readonly routed: RequestListener,
  ) {
    this.calls = new Map(calls.map((call) => [call.path, call]));
    this.reads = new Map(reads.map((read) => [read.path + (read.behind ?? ''), read]));
  }

  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    const taken = request.method === 'GET' ? this.read(request, response) : this.call(request, response);
    if (!taken) this.routed(request, response);
  };

  private read(request: IncomingMessage, response: ServerResponse): boolean {
    const { url = '', headers } = request;
    const read = this.findRead(url);
    const input = read && isPlainRead(read, request) ? inputOf(read, url) : null;
    const principal = read && input !== null ? this.admit(read.permission, request) : null;
    if (!read || !principal) return false;
    // What decides over the answer, beside what is stored.
    const key = JSON.stringify([principal, url, headers['if-none-match']]);
    void this.answer(read, principal, request, response, (ctx) =>
      this.reading.run(key, () => answerOf(read, ctx, input, new Head(request))),
    );
    return true;
  }

  /** By the path, or by what stands before and behind the reference in it: the last segment, or that before the last. */
  private findRead(url: string): HotRead | undefined {
    const end = url.indexOf('?');
    const path = end < 0 ? url : url.slice(0, end);
    const last = path.lastIndexOf('/');
    const before = path.lastIndexOf('/', last - 1);
    return (
      this.reads.get(path) ??
      this.reads.get(path.slice(0, last + 1)) ??
      this.reads.get(path.slice(0, before + 1) + path.slice(last))
    );
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
    let input: unknown;
    try {
      input = call.toInput(JSON.parse(bytes.toString()));
    } catch {
      (incoming as ContextRequest).bytes = bytes;
      this.routed(incoming, response);
      return;
    }
    void this.answer(call, principal, incoming, response, (ctx) => answerOf(call, ctx, input));
  }

  private async answer(
    { route }: HotCall | HotRead,
    principal: Principal,
    { headers: sent, method = '', url = '', socket }: IncomingMessage,
    response: ServerResponse,
    work: (ctx: OperationContext) => Promise<Answer>,
  ): Promise<void> {
    const traceId = traceIdOf(sent['x-request-id']);
    const headers = { ...this.entrance.headers, 'X-Request-Id': traceId };
    const context = { traceId, principal, route };
    try {
      const { status, headers: own, body } = await work(context);
      response.writeHead(status, { ...headers, ...own }).end(body);
    } catch (error) {
      if (!response.headersSent)
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      const failed = { context, method, target: url, peer: socket.remoteAddress };
      await this.entrance.errors.answer(error, failed, response);
    }
  }
}

/** What a handler has come to, apart from the request that asked. */
interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer | string | undefined;
}

/** What a handler of a read says beside its body. */
class Head implements AnswerHead {
  readonly headers: OutgoingHttpHeaders = {};
  statusCode = 0;

  constructor(readonly req: { readonly url?: string; readonly headers: IncomingHttpHeaders }) {}

  setHeader(name: string, value: string | number): void {
    this.headers[name] = value;
  }
}

/** A member of a list, with the comma before it. Rows that did not change come as the same objects again. */
const toMember = perObject((item: object) => Buffer.from(`,${JSON.stringify(item)}`));
const OPEN = Buffer.from('[');
const CLOSE = Buffer.from(']');

/** What a read answers, as the bytes that many may be sent. */
function toBytes(answer: object): Buffer {
  if (!Array.isArray(answer)) return Buffer.from(JSON.stringify(answer));
  const [first, ...others] = (answer as object[]).map(toMember);
  return Buffer.concat([OPEN, ...(first ? [first.subarray(1)] : []), ...others, CLOSE]);
}

async function answerOf(
  hot: HotCall | HotRead,
  ctx: OperationContext,
  input: unknown,
  head?: Head,
): Promise<Answer> {
  const answer = await hot.handle(ctx, input, head);
  const status = head?.statusCode || hot.status;
  if (answer === undefined) return { status, headers: head?.headers ?? {}, body: undefined };
  const body = head ? toBytes(answer) : JSON.stringify(answer);
  const headers = {
    ...head?.headers,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  };
  return { status, headers, body };
}

/** @returns null for what is to go the routed way. */
function inputOf(read: HotRead, url: string): unknown {
  const { path, behind = '' } = read;
  // A query behind it, of which such a read knows nothing.
  if (!url.endsWith(behind)) return null;
  try {
    return read.toInput(url.slice(path.length, url.length - behind.length));
  } catch {
    return null;
  }
}

function isPlainRead({ conditional }: HotRead, { headers }: IncomingMessage): boolean {
  return (
    (conditional === true || headers['if-none-match'] === undefined) &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers.origin === undefined
  );
}
