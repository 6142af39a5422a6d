import type { NextFunction, Request, Response } from 'express';
import { type ContextRequest, traceIdOf } from '#contract';
import { NOBODY } from '#kernel';

/** Gives the request its context and the answer its id. */
export function requestContext(request: Request, response: Response, next: NextFunction): void {
  const traceId = traceIdOf(request.headers['x-request-id']);
  (request as ContextRequest).context = { traceId, principal: NOBODY, route: null };
  response.setHeader('X-Request-Id', traceId);
  next();
}
