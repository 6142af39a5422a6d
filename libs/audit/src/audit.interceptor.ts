import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { concatMap, type Observable } from 'rxjs';
import { type ContextRequest, routeOf } from '#contract';
import { demandOf } from '#rbac';
import { AccessReads } from './access-reads.js';
import { RECORDS_ITSELF } from './records-itself.js';

/**
 * Names the operation in the context, so that every entry says through which route it came. With `AUDIT_READS`
 * it also records what was read, before the answer leaves. Changes record themselves, in their own transaction.
 */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly reads: AccessReads,
    private readonly reflector: Reflector,
  ) {}

  intercept(host: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = host.switchToHttp().getRequest<ContextRequest>();
    request.context = { ...request.context, route: routeOf(request) };
    if (!this.reads.areRecorded || !this.isRead(request, host)) return next.handle();
    return next.handle().pipe(
      concatMap(async (answer: unknown) => {
        await this.reads.record(request.context, request.originalUrl);
        return answer;
      }),
    );
  }

  /** Public routes show nothing that was recorded, and anyone could fill the log with them. */
  private isRead(request: ContextRequest, host: ExecutionContext): boolean {
    return (
      (request.method === 'GET' || request.method === 'HEAD') &&
      demandOf(this.reflector, host) !== 'public' &&
      this.reflector.get<true | undefined>(RECORDS_ITSELF, host.getHandler()) === undefined
    );
  }
}
