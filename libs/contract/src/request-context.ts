import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { newId, type OperationContext } from '#kernel';

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** A request on its way: the door gives it a context, the guard a principal, the audit interceptor a route. */
export interface ContextRequest extends Request {
  context: OperationContext;
  /** The body, where it has been read. */
  bytes?: Buffer;
}

/** The operation's context, as a handler's first argument. */
export const Ctx = createParamDecorator(
  (_data: unknown, host: ExecutionContext) => host.switchToHttp().getRequest<ContextRequest>().context,
);

/** `GET /api/v1/agents/:agent_id`: the route's template, so that entries of one route have one name. */
export function routeOf(request: Request): string {
  return `${request.method} ${(request.route as { path?: string } | undefined)?.path ?? request.path}`;
}

/** The caller's `X-Request-Id` where it is one, else a new id. */
export function traceIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : newId();
}
