import { Injectable } from '@nestjs/common';
import type { Page, PageOf } from '#contract';
import {
  AgentDirectory,
  AuditTrail,
  Clock,
  DomainError,
  MaskedKinds,
  newId,
  type OperationContext,
  type OperationType,
  toStorable,
  type TransactionContext,
  TransactionRunner,
  ValidationFailed,
} from '#kernel';
import { PolicyInForce } from '#rbac';
import { actorOf } from '../actor.js';
import { type Hold, HoldsRepository } from './holds.repository.js';

export type HoldDraft = Pick<Hold, 'agentId' | 'fromTime' | 'toTime' | 'reason'>;

/** Keeps entries from being removed or erased, such as while a case is open. */
@Injectable()
export class HoldsService {
  constructor(
    private readonly repository: HoldsRepository,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly agents: AgentDirectory,
    private readonly clock: Clock,
    private readonly policy: PolicyInForce,
  ) {}

  /** In force when this resolves. @throws ValidationFailed for a period that ends before it begins. */
  place(ctx: OperationContext, draft: HoldDraft): Promise<Hold> {
    if (draft.fromTime !== null && draft.toTime !== null && draft.fromTime >= draft.toTime)
      throw new ValidationFailed([{ path: 'start_date', message: 'must be before end_date' }]);
    const masked = new MaskedKinds();
    const reason = this.policy.current.redactor.text(toStorable(draft.reason), masked);
    return this.transactions.run(ctx, async (tx) => {
      const hold: Hold = {
        ...{ ...draft, reason, holdId: newId(), placedBy: ctx.principal.id, placedAt: this.clock.now() },
        ...{ agentId: draft.agentId === null ? null : toStorable(this.agents.idFor(draft.agentId)) },
        ...{ releasedBy: null, releasedAt: null },
      };
      await this.repository.insert(tx, hold);
      this.tell(tx, 'audit.hold', hold, masked.list);
      return hold;
    });
  }

  list(page: Page): Promise<PageOf<Hold>> {
    return this.repository.findPage(page);
  }

  /** @throws DomainError where no such hold is in force. */
  release(ctx: OperationContext, holdId: string): Promise<void> {
    return this.transactions.run(ctx, async (tx) => {
      const hold = await this.repository.release(tx, holdId, ctx.principal.id, this.clock.now());
      if (!hold)
        throw new DomainError(
          'HOLD_NOT_FOUND',
          `No hold ${JSON.stringify(holdId.slice(0, 100))} is in force.`,
        );
      this.tell(tx, 'audit.release', hold);
    });
  }

  private tell(
    tx: TransactionContext,
    operationType: OperationType,
    hold: Hold,
    redacted?: readonly string[],
  ): void {
    this.trail.record(tx, {
      agent: actorOf(tx.principal, this.agents),
      operationType,
      targetResource: hold.holdId,
      targetType: 'hold',
      decision: 'allowed',
      source: 'decided',
      context: JSON.stringify({
        ...{ agent_id: hold.agentId, from_time: hold.fromTime, to_time: hold.toTime, reason: hold.reason },
        redacted,
      }),
    });
  }
}
