import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { Readable } from 'node:stream';
import express, { type Request, type Response } from 'express';
import type { Observable } from 'rxjs';
import { CONFIG, type Config } from '#config';
import { type ContextRequest, NDJSON, takesBatches } from '#contract';
import { DomainError } from '#kernel';

const JSON_TYPE = /^application\/json\s*(;|$)/i;
const NDJSON_TYPE = /^application\/x-ndjson\s*(;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;
/** Room for as many events as an array may hold, of 1.6 KiB each. */
const BATCH_BODY_LIMIT = 16 * 1024 * 1024;
const WITHOUT_ENCODING = 'Send the body without a content encoding.';
const IN_UTF8 = 'Send the body in UTF-8.';
const METHODS_WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE']);

type BodyParser = ReturnType<typeof express.json>;

/**
 * Reads JSON bodies, after the guard: who may not call is told so before a byte of the body is parsed. A missing
 * body counts as `{}`; any other type than `application/json` is refused, since browsers send others unasked. Lines of
 * JSON are left unread, to the handlers that take them.
 */
@Injectable()
export class JsonBodyInterceptor implements NestInterceptor {
  private readonly parse: BodyParser;
  private readonly parseBatch: BodyParser;

  constructor(@Inject(CONFIG) config: Pick<Config, 'bodyLimit'>) {
    this.parse = parserOf(config.bodyLimit);
    this.parseBatch = parserOf(Math.max(config.bodyLimit, BATCH_BODY_LIMIT));
  }

  async intercept(host: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = host.switchToHttp();
    const request = http.getRequest<ContextRequest>();
    if (METHODS_WITHOUT_BODY.has(request.method)) return next.handle();
    const batch = takesBatches(host.getHandler());
    if (batch && isNdjson(request)) requirePlainUtf8(request);
    else await this.read(request, http.getResponse<Response>(), batch);
    return next.handle();
  }

  private async read(request: ContextRequest, response: Response, batch: boolean): Promise<void> {
    if (!hasBody(request)) {
      request.body = {};
      return;
    }
    if (!JSON_TYPE.test(request.headers['content-type'] ?? '')) {
      const types = batch ? `application/json or ${NDJSON}` : 'application/json';
      throw new DomainError('UNSUPPORTED_MEDIA_TYPE', `Send the body as ${types}.`);
    }
    const source = unread(request);
    await new Promise<void>((resolve, reject) => {
      const parse = batch ? this.parseBatch : this.parse;
      parse(source, response, (error?: Error) => (error ? reject(toBodyError(error)) : resolve()));
    });
    request.body = source.body as unknown;
    // An empty body that announced itself: `Content-Type: application/json` and chunks without a byte.
    if (request.body === undefined) request.body = {};
  }
}

/** A compressed body could be far larger than its length says. */
function parserOf(limit: number): BodyParser {
  return express.json({ limit, strict: false, inflate: false, type: () => true });
}

/** Whether the body is of lines, each of one JSON value. */
export function isNdjson({ headers }: Request): boolean {
  return NDJSON_TYPE.test(headers['content-type'] ?? '');
}

/** Asks of lines what the parser asks of other bodies. */
function requirePlainUtf8({ headers }: Request): void {
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity')
    throw new DomainError('UNSUPPORTED_MEDIA_TYPE', WITHOUT_ENCODING);
  const [, charset = 'utf-8'] = CHARSET.exec(headers['content-type'] ?? '') ?? [];
  if (charset.toLowerCase() !== 'utf-8') throw new DomainError('UNSUPPORTED_MEDIA_TYPE', IN_UTF8);
}

/** The request, or where its body has been read already a stand-in that has it still to come. */
function unread(request: ContextRequest): Request {
  if (!request.bytes) return request;
  return Object.assign(Readable.from([request.bytes]), { headers: request.headers }) as unknown as Request;
}

function hasBody(request: Request): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function toBodyError(error: Error): Error {
  const { type } = error as { type?: string };
  switch (type) {
    case 'entity.parse.failed':
      return new DomainError('INVALID_JSON', 'The body is not JSON.');
    case 'entity.too.large':
      return new DomainError('PAYLOAD_TOO_LARGE', 'The body is larger than this service takes.');
    case 'encoding.unsupported':
      return new DomainError('UNSUPPORTED_MEDIA_TYPE', WITHOUT_ENCODING);
    case 'charset.unsupported':
      return new DomainError('UNSUPPORTED_MEDIA_TYPE', IN_UTF8);
    case 'request.aborted':
    case 'request.size.invalid':
      return new DomainError('BAD_REQUEST', 'The body ended before its announced length.');
    default:
      return error;
  }
}
