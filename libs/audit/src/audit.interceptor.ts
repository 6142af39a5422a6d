import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { concatMap, type Observable } from 'rxjs';
import { CONFIG, type Config } from '#config';
import { type ContextRequest, routeOf } from '#contract';
import { AgentDirectory, AuditTrail, LIMITS, MaskedKinds, TransactionRunner } from '#kernel';
import { demandOf, PolicyInForce } from '#rbac';
import { actorOf } from './actor.js';
import { RECORDS_ITSELF } from './records-itself.js';

/**
 * Names the operation in the context, so that every entry says through which route it came. With `AUDIT_READS`
 * it also records what was read, before the answer leaves. Changes record themselves, in their own transaction.
 */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'auditReads'>,
    private readonly reflector: Reflector,
    private readonly agents: AgentDirectory,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly policy: PolicyInForce,
  ) {}

  intercept(host: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = host.switchToHttp().getRequest<ContextRequest>();
    request.context = { ...request.context, route: routeOf(request) };
    if (!this.config.auditReads || !this.isRead(request, host)) return next.handle();
    return next.handle().pipe(
      concatMap(async (answer: unknown) => {
        await this.recordRead(request);
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

  private recordRead(request: ContextRequest): Promise<unknown> {
    const { context: ctx } = request;
    const masked = new MaskedKinds();
    const target = this.policy.current.redactor.text(request.originalUrl, masked);
    const { list: redacted } = masked;
    return this.transactions.append(ctx, (tx) =>
      this.trail.record(tx, {
        agent: actorOf(ctx.principal, this.agents),
        operationType: 'access.read',
        operationDetail: ctx.route,
        targetResource: target.slice(0, LIMITS.textBytes),
        targetType: 'route',
        decision: 'allowed',
        context: redacted ? JSON.stringify({ redacted }) : null,
        source: 'decided',
        outcome: 'success',
      }),
    );
  }
}
