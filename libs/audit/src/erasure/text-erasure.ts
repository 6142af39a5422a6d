import { Injectable } from '@nestjs/common';
import {
  AccessDenied,
  AgentDirectory,
  AuditTrail,
  Clock,
  CopyHolders,
  DomainError,
  type GivenAnswer,
  isUuid,
  MaskedKinds,
  type OperationContext,
  type RecordedEvent,
  toStorable,
  type TransactionContext,
  TransactionRunner,
} from '#kernel';
import { PolicyInForce } from '#rbac';
import { actorOf } from '../actor.js';
import { type ErasedCopies, type Erasure, ErasureRepository } from './erasure.repository.js';

/** Erases the texts of an entry and all copies of them in the store. Its leaf stays, so every proof stays valid. */
@Injectable()
export class TextErasure {
  constructor(
    private readonly repository: ErasureRepository,
    private readonly holders: CopyHolders,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly agents: AgentDirectory,
    private readonly clock: Clock,
    private readonly policy: PolicyInForce,
  ) {}

  /**
   * All of it in one transaction, with the entry that says who did it; for one that was erased before, what was done then.
   * @throws DomainError `ENTRY_NOT_FOUND`, `UNDER_HOLD`, `APPROVAL_PENDING`; AccessDenied `HUMAN_REQUIRED`
   */
  erase(ctx: OperationContext, auditId: string, reason: string): Promise<Erasure> {
    const masked = new MaskedKinds();
    const why = this.policy.current.redactor.text(toStorable(reason), masked);
    return this.transactions.run(ctx, async (tx) => {
      const event = await this.getEntry(tx, auditId);
      if (tx.principal.kind !== 'human')
        throw new AccessDenied('Only a person, with a key of their own, erases texts.', 'HUMAN_REQUIRED');
      const before = event.erased ? await this.repository.findErasure(tx, event) : null;
      if (before) return before;
      if (await this.repository.isHeld(tx, event))
        throw new DomainError('UNDER_HOLD', 'The entry is under a legal hold: nothing of it is erased.');
      const copies = await this.eraseAll(tx, event);
      const recordId = this.tell(tx, event, { reason: why, copies, redacted: masked.list });
      const { seq } = event;
      const erasure = { auditId: event.auditId, seq, erasedAt: this.clock.now(), recordId, copies };
      await this.repository.insert(tx, erasure);
      return erasure;
    });
  }

  private async getEntry(tx: TransactionContext, auditId: string): Promise<RecordedEvent> {
    const event = isUuid(auditId) ? await this.repository.findEntry(tx, auditId.toLowerCase()) : null;
    if (event) return event;
    throw new DomainError('ENTRY_NOT_FOUND', `No entry has the id ${JSON.stringify(auditId.slice(0, 100))}.`);
  }

  private async eraseAll(tx: TransactionContext, event: RecordedEvent): Promise<ErasedCopies[]> {
    const decided =
      event.source === 'decided' ? { type: event.operationType, context: contextOf(event) } : null;
    const answers: GivenAnswer[] = [{ id: event.auditId, at: event.recordedAt }];
    const copies: ErasedCopies[] = [];
    for (const holder of this.holders.inOrder) {
      const erased = await holder.erase(tx, { event, decided, answers });
      copies.push({ what: holder.what, rows: erased.rows });
      answers.push(...(erased.answers ?? []));
    }
    const rows = event.erased ? 0 : await this.repository.eraseEntry(tx, event.seq);
    return [{ what: 'audit_trail', rows }, ...copies];
  }

  private tell(
    tx: TransactionContext,
    { auditId, seq }: RecordedEvent,
    { reason, copies, redacted }: { reason: string; copies: readonly ErasedCopies[]; redacted: unknown },
  ): string {
    const counts = Object.fromEntries(copies.map(({ what, rows }) => [what, rows]));
    const { auditId: recordId } = this.trail.record(tx, {
      agent: actorOf(tx.principal, this.agents),
      operationType: 'audit.erase',
      targetResource: auditId,
      targetType: 'entry',
      decision: 'allowed',
      context: JSON.stringify({ seq, reason, erased: counts, redacted }),
      source: 'decided',
      outcome: 'success',
    });
    return recordId;
  }
}

function contextOf({ context }: RecordedEvent): Record<string, unknown> {
  return context === null ? {} : (JSON.parse(context) as Record<string, unknown>);
}
