import { Injectable } from '@nestjs/common';
import {
  AgentDirectory,
  AuditTrail,
  LIMITS,
  MaskedKinds,
  type OperationContext,
  type TransactionContext,
  TransactionRunner,
} from '#kernel';
import { PolicyInForce } from '#rbac';
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
    private readonly policy: PolicyInForce,
  ) {}

  /** @throws StoreUnavailable when they cannot be recorded; the caller must not answer as if they had been. */
  async record(ctx: OperationContext, ...denials: readonly AccessDenial[]): Promise<void> {
    await this.transactions.append(ctx, (tx) => {
      for (const denial of denials) this.enter(tx, denial);
    });
  }

  private enter(tx: TransactionContext, { code, reason, target }: AccessDenial): void {
    const masked = new MaskedKinds();
    const clean = (text: string): string => this.policy.current.redactor.text(text, masked);
    this.trail.record(tx, {
      agent: actorOf(tx.principal, this.agents),
      operationType: 'access.denied',
      operationDetail: tx.route,
      targetResource: clean(target).slice(0, LIMITS.textBytes),
      targetType: 'route',
      decision: 'denied',
      reason: clean(reason),
      // The last one to be read, when all is masked.
      context: JSON.stringify({ code, redacted: masked.list }),
      source: 'decided',
      outcome: 'denied',
    });
  }
}
