import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { lastValueFrom, type Observable, of } from 'rxjs';
import {
  checkIdempotencyKey,
  type ContextRequest,
  IDEMPOTENCY_KEY,
  idempotencyOf,
  refuseIdempotencyKey,
  REPLAYED,
  takesBatches,
} from '#contract';
import { type CallAnswer, type FoundAnswer, IdempotentCalls } from '#idempotency';
import { fingerprint, type TransactionContext } from '#kernel';
import { isNdjson } from './json-body.interceptor.js';

/** What a handler may say beside the body; the headers that a route always has are set for a repetition, too. */
const KEPT_HEADERS = ['etag', 'location', 'link'];
/** The list of method, target and body, and the array of a batch. */
const LEVELS_AROUND = 2;

/**
 * Carries out once what comes with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the handler runs
 * inside the unit of work that keeps its answer. After the guard and the reading of the body, which is part of what makes
 * two requests the same.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly calls: IdempotentCalls) {}

  intercept(host: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    const request = host.switchToHttp().getRequest<ContextRequest>();
    const key = request.headers[IDEMPOTENCY_KEY.toLowerCase()];
    const idempotency = key === undefined ? null : idempotencyOf(host.getHandler());
    return idempotency ? this.once(String(key), idempotency.secret, host, next) : next.handle();
  }

  private async once(
    key: string,
    secret: boolean,
    host: ExecutionContext,
    next: CallHandler,
  ): Promise<Observable<unknown>> {
    const http = host.switchToHttp();
    const request = http.getRequest<ContextRequest>();
    const response = http.getResponse<Response>();
    checkIdempotencyKey(key);
    const isBatch = takesBatches(host.getHandler());
    // A unit of work is not held open for as long as a client sends.
    if (isBatch && isNdjson(request))
      refuseIdempotencyKey('must not be sent with lines; give each an event_id');
    const { method, originalUrl } = request;
    const body: unknown = request.body;
    const call = { key, secret, fingerprint: fingerprint([method, originalUrl, body], LEVELS_AROUND) };
    const answer = await this.calls.once(request.context, call, (tx) =>
      carryOut(tx, request, response, next),
    );
    prepare(response, answer);
    // Handlers of batches send their answers themselves, but not from inside a transaction.
    if (isBatch) response.json(answer.body);
    return of(answer.body);
  }
}

/** Runs the handler with the transaction in its context, which whoever answers an error must not find there. */
async function carryOut(
  tx: TransactionContext,
  request: ContextRequest,
  response: Response,
  next: CallHandler,
): Promise<CallAnswer> {
  const { context } = request;
  request.context = tx;
  try {
    const body: unknown = await lastValueFrom(next.handle());
    const headers = KEPT_HEADERS.flatMap((name) => {
      const value = response.getHeader(name);
      return value === undefined ? [] : [[name, String(value)]];
    });
    return {
      status: response.statusCode,
      headers: Object.fromEntries(headers) as Record<string, string>,
      body,
    };
  } finally {
    request.context = context;
  }
}

function prepare(response: Response, { status, headers, replayed }: FoundAnswer): void {
  response.status(status).set({ ...headers });
  if (replayed) response.set(REPLAYED, 'true');
}
