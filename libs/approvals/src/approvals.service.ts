import { Injectable } from '@nestjs/common';
import type { Page, PageOf } from '#contract';
import {
  AgentDirectory,
  AuditTrail,
  Clock,
  DomainError,
  isUuid,
  MaskedKinds,
  type OperationContext,
  type Principal,
  TransactionRunner,
} from '#kernel';
import { ownRows, PolicyInForce, requireOwnAgent } from '#rbac';
import { ApprovalWaits } from './approval-waits.js';
import { type ApprovalRow, ApprovalsRepository, type ApprovalStatus } from './approvals.repository.js';

export interface ApprovalDecision {
  readonly status: 'approved' | 'denied';
  /** Of what the approver saw; null where it did not say. */
  readonly hash: string | null;
  readonly comment: string | null;
}

/** Shows what waits for an approval, and takes what approvers say. */
@Injectable()
export class ApprovalsService {
  constructor(
    private readonly repository: ApprovalsRepository,
    private readonly waits: ApprovalWaits,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly agents: AgentDirectory,
    private readonly clock: Clock,
    private readonly policy: PolicyInForce,
  ) {}

  /** Newest first. An agent's key sees its own. */
  async list(
    ctx: OperationContext,
    filter: { readonly status: ApprovalStatus | undefined; readonly agent: string | undefined },
    page: Page,
  ): Promise<PageOf<ApprovalRow>> {
    const asked = filter.agent === undefined ? undefined : this.agents.idFor(filter.agent);
    const agentId = ownRows(ctx.principal, asked);
    const found = await this.repository.findPage({ status: filter.status, agentId }, page, this.clock.now());
    return { ...found, items: found.items.map((row) => this.current(row)) };
  }

  /**
   * @param waitMs how long to wait for a decision where there is none yet.
   * @throws DomainError `APPROVAL_NOT_FOUND`; AccessDenied
   */
  async get(ctx: OperationContext, approvalId: string, waitMs = 0): Promise<ApprovalRow> {
    // Listening begins before reading, so that a decision in between is not missed.
    const decided = waitMs > 0 ? this.waits.until(approvalId, waitMs) : null;
    try {
      const row = await this.read(ctx, approvalId);
      requireOwnAgent(ctx, row.agent_id);
      if (!decided || row.status !== 'pending') return row;
      await decided.promise;
      return await this.read(ctx, approvalId);
    } finally {
      decided?.cancel();
    }
  }

  /** @throws DomainError `APPROVAL_NOT_FOUND`, `APPROVER_NOT_ALLOWED`, `APPROVAL_CHANGED`, `APPROVAL_DECIDED` */
  async decide(ctx: OperationContext, approvalId: string, decision: ApprovalDecision): Promise<ApprovalRow> {
    const masked = new MaskedKinds();
    const comment = decision.comment && this.policy.current.redactor.text(decision.comment, masked);
    await this.transactions.run(ctx, async (tx) => {
      const row = isUuid(approvalId) ? await this.repository.find(tx, approvalId.toLowerCase()) : null;
      if (!row) throw notFound();
      refuseApprover(ctx.principal, row);
      if (decision.hash !== null && decision.hash !== row.request_hash) {
        throw new DomainError('APPROVAL_CHANGED', 'The request is not the one that was seen.');
      }
      const { status } = decision;
      if (!(await this.repository.decide(tx, row.approval_id, status, comment, this.clock.now()))) {
        throw new DomainError('APPROVAL_DECIDED', `The approval is ${this.current(row).status} already.`);
      }
      this.trail.record(tx, {
        agent: { agentId: row.agent_id, name: row.agent_name, role: row.agent_role },
        operationType: 'approval.decide',
        operationDetail: row.tool_name,
        targetResource: row.approval_id,
        targetType: 'approval',
        decision: status === 'approved' ? 'allowed' : 'denied',
        reason: comment,
        context: JSON.stringify({
          approval_id: row.approval_id,
          agent_id: row.agent_id,
          agent_name: row.agent_name,
          status,
          decided_by: ctx.principal.id,
          comment,
          request_hash: row.request_hash,
          session_id: row.session_id ?? undefined,
          redacted: masked.list,
        }),
        source: 'decided',
        outcome: status,
      });
    });
    return this.read(ctx, approvalId);
  }

  private async read(ctx: OperationContext, approvalId: string): Promise<ApprovalRow> {
    const row = isUuid(approvalId) ? await this.repository.find(ctx, approvalId.toLowerCase()) : null;
    if (!row) throw notFound();
    return this.current(row);
  }

  /** What waits or was approved, and whose time is over, is expired. */
  private current(row: ApprovalRow): ApprovalRow {
    const open = row.status === 'pending' || row.status === 'approved';
    return open && row.expires_at <= this.clock.now() ? { ...row, status: 'expired' } : row;
  }
}

function notFound(): DomainError {
  return new DomainError('APPROVAL_NOT_FOUND', 'There is no such approval.');
}

/** @throws DomainError `APPROVER_NOT_ALLOWED` */
function refuseApprover({ id, kind, role, owner }: Principal, row: ApprovalRow): void {
  const refuse = (detail: string): never => {
    throw new DomainError('APPROVER_NOT_ALLOWED', detail);
  };
  if (kind !== 'human' && kind !== 'service') refuse('Only people and services decide approvals.');
  if (id === row.requester_id || (owner ?? id) === (row.requester_owner ?? row.requester_id))
    refuse('Who asked for an approval cannot decide it, with whatever key.');
  const approvers = JSON.parse(row.approvers) as string[];
  const named = approvers.includes(role) || (kind === 'human' && approvers.includes('human'));
  if (!named) refuse(`This approval is for ${approvers.join(' or ')}.`);
}
