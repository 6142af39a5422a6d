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
import type { ContextRequest } from '#contract';
import { DomainError } from '#kernel';

const JSON_TYPE = /^application\/json\s*(;|$)/i;
const METHODS_WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE']);

/**
 * Reads JSON bodies, after the guard: who may not call is told so before a byte of the body is parsed. A missing
 * body counts as `{}`; any other type than `application/json` is refused, since browsers send others unasked.
 */
@Injectable()
export class JsonBodyInterceptor implements NestInterceptor {
  private readonly parse: ReturnType<typeof express.json>;

  constructor(@Inject(CONFIG) config: Pick<Config, 'bodyLimit'>) {
    // A compressed body could be far larger than its length says.
    this.parse = express.json({ limit: config.bodyLimit, strict: false, inflate: false, type: () => true });
  }

  async intercept(host: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = host.switchToHttp();
    const request = http.getRequest<ContextRequest>();
    if (!METHODS_WITHOUT_BODY.has(request.method)) await this.read(request, http.getResponse<Response>());
    return next.handle();
  }

  private async read(request: ContextRequest, response: Response): Promise<void> {
    if (!hasBody(request)) {
      request.body = {};
      return;
    }
    if (!JSON_TYPE.test(request.headers['content-type'] ?? '')) {
      throw new DomainError('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.');
    }
    const source = unread(request);
    await new Promise<void>((resolve, reject) => {
      this.parse(source, response, (error?: Error) => (error ? reject(toBodyError(error)) : resolve()));
    });
    request.body = source.body as unknown;
    // An empty body that announced itself: `Content-Type: application/json` and chunks without a byte.
    if (request.body === undefined) request.body = {};
  }
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
      return new DomainError('UNSUPPORTED_MEDIA_TYPE', 'Send the body without a content encoding.');
    case 'charset.unsupported':
      return new DomainError('UNSUPPORTED_MEDIA_TYPE', 'Send the body in UTF-8.');
    case 'request.aborted':
    case 'request.size.invalid':
      return new DomainError('BAD_REQUEST', 'The body ended before its announced length.');
    default:
      return error;
  }
}
