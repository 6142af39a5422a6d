import { Injectable } from '@nestjs/common';
import { AgentDirectory, AuditTrail, LIMITS, type OperationContext, TransactionRunner } from '#kernel';
import { actorOf } from './actor.js';

export interface AccessDenial {
  /** The stable code of the refusal. */
  readonly code: string;
  readonly reason: string;
  /** What was asked for, such as a request target. */
  readonly target: string;
}

/** Records refusals. They have no transaction of their own, since nothing was changed. */
@Injectable()
export class AccessDenials {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly agents: AgentDirectory,
  ) {}

  /** @throws StoreUnavailable when the refusal cannot be recorded; the caller must not answer as if it had been. */
  async record(ctx: OperationContext, denial: AccessDenial): Promise<void> {
    await this.transactions.append(ctx, (tx) =>
      this.trail.record(tx, {
        agent: actorOf(ctx.principal, this.agents),
        operationType: 'access.denied',
        operationDetail: ctx.route,
        targetResource: denial.target.slice(0, LIMITS.textBytes),
        targetType: 'route',
        decision: 'denied',
        reason: denial.reason,
        context: JSON.stringify({ code: denial.code }),
        source: 'decided',
        outcome: 'denied',
      }),
    );
  }
}
