import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { concatMap, type Observable } from 'rxjs';
import { CONFIG, type Config } from '#config';
import type { ContextRequest } from '#contract';
import { AuditTrail, TransactionRunner } from '#kernel';
import { actorOf } from './actor.js';

/**
 * Names the operation in the context, so that every entry says through which route it came. With `AUDIT_READS`
 * it also records what was read, before the answer leaves. Changes record themselves, in their own transaction.
 */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'auditReads'>,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
  ) {}

  intercept(host: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = host.switchToHttp().getRequest<ContextRequest>();
    const route = `${request.method} ${routePath(request)}`;
    request.context = { ...request.context, route };
    if (!this.config.auditReads || request.method !== 'GET') return next.handle();
    return next.handle().pipe(
      concatMap(async (answer: unknown) => {
        await this.recordRead(request);
        return answer;
      }),
    );
  }

  private recordRead(request: ContextRequest): Promise<unknown> {
    const { context: ctx } = request;
    return this.transactions.append(ctx, (tx) =>
      this.trail.record(tx, {
        agent: actorOf(ctx.principal),
        operationType: 'access.read',
        operationDetail: ctx.route,
        targetResource: request.originalUrl.slice(0, 4096),
        targetType: 'route',
        decision: 'allowed',
        source: 'decided',
        outcome: 'success',
      }),
    );
  }
}

/** The route's template, so that entries of one route have one name. */
function routePath(request: ContextRequest): string {
  return (request.route as { path?: string } | undefined)?.path ?? request.path;
}
