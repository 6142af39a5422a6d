import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { OperationContext } from '#kernel';

/** A request on its way: the door gives it a context, the guard a principal, the audit interceptor a route. */
export interface ContextRequest extends Request {
  context: OperationContext;
}

/** The operation's context, as a handler's first argument. */
export const Ctx = createParamDecorator(
  (_data: unknown, host: ExecutionContext) => host.switchToHttp().getRequest<ContextRequest>().context,
);
