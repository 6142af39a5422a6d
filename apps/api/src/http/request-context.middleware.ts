import type { NextFunction, Request, Response } from 'express';
import type { ContextRequest } from '#contract';
import { newId, NOBODY } from '#kernel';

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** The caller's `X-Request-Id` where it is one, else a new id. */
export function traceIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : newId();
}

/** Gives the request its context and the answer its id. */
export function requestContext(request: Request, response: Response, next: NextFunction): void {
  const traceId = traceIdOf(request.headers['x-request-id']);
  (request as ContextRequest).context = { traceId, principal: NOBODY, route: null };
  response.setHeader('X-Request-Id', traceId);
  next();
}
