import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import {
  AgentDirectory,
  AuditTrail,
  LIMITS,
  MaskedKinds,
  type OperationContext,
  TransactionRunner,
} from '#kernel';
import { PolicyInForce } from '#rbac';
import { actorOf } from './actor.js';

/** Records what was read, where `AUDIT_READS` says so. */
@Injectable()
export class AccessReads {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'auditReads'>,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly agents: AgentDirectory,
    private readonly policy: PolicyInForce,
  ) {}

  get areRecorded(): boolean {
    return this.config.auditReads;
  }

  /** @param target what was asked for. @throws StoreUnavailable when it cannot be recorded; then nothing may be shown. */
  async record(ctx: OperationContext, target: string): Promise<void> {
    if (!this.areRecorded) return;
    const masked = new MaskedKinds();
    const shown = this.policy.current.redactor.text(target, masked);
    const { list: redacted } = masked;
    await this.transactions.append(ctx, (tx) =>
      this.trail.record(tx, {
        agent: actorOf(ctx.principal, this.agents),
        operationType: 'access.read',
        operationDetail: ctx.route,
        targetResource: shown.slice(0, LIMITS.textBytes),
        targetType: 'route',
        decision: 'allowed',
        context: redacted ? JSON.stringify({ redacted }) : null,
        source: 'decided',
        outcome: 'success',
      }),
    );
  }
}
