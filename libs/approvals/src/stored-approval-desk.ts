import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import {
  type ApprovalAnswer,
  ApprovalDesk,
  type ApprovalRequest,
  AuditTrail,
  Clock,
  newId,
  type TransactionContext,
  visible,
} from '#kernel';
import { formatTime } from '#contract';
import { type ApprovalRow, ApprovalsRepository } from './approvals.repository.js';

/** Approvals in the store. Within the writer's transaction nobody else decides or spends in between. */
@Injectable()
export class StoredApprovalDesk extends ApprovalDesk {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'approvalTtlMs'>,
    private readonly repository: ApprovalsRepository,
    private readonly trail: AuditTrail,
    private readonly clock: Clock,
  ) {
    super();
  }

  async ask(ctx: TransactionContext, request: ApprovalRequest): Promise<ApprovalAnswer> {
    const now = this.clock.now();
    const standing = await this.repository.findStanding(ctx, request.hash, now);
    if (standing?.status === 'approved' && (await this.repository.spend(ctx, standing.approval_id, now))) {
      return toAnswer(standing, 'spent');
    }
    if (standing?.status === 'pending' || standing?.status === 'denied') {
      return toAnswer(standing, standing.status);
    }
    return this.open(ctx, request, now);
  }

  private async open(
    ctx: TransactionContext,
    request: ApprovalRequest,
    now: number,
  ): Promise<ApprovalAnswer> {
    const approvalId = newId();
    const expiresAt = now + this.config.approvalTtlMs;
    await this.repository.expire(ctx, request.hash, now);
    await this.repository.insert(ctx, approvalId, request, now, expiresAt);
    this.trail.record(ctx, {
      agent: request.agent,
      operationType: 'approval.request',
      operationDetail: request.toolName,
      targetResource: approvalId,
      targetType: 'approval',
      decision: 'requires_approval',
      reason: request.reason,
      context: JSON.stringify({
        approval_id: approvalId,
        agent_id: request.agent.agentId,
        agent_name: request.agent.name,
        tool_name: visible(request.toolName),
        rule: request.rule,
        reason: visible(request.reason),
        approvers: request.approvers,
        requester: ctx.principal.id,
        request_hash: request.hash,
        session_id: request.sessionId ?? undefined,
        redacted: request.redacted,
        expires_at: formatTime(expiresAt),
      }),
      source: 'decided',
      outcome: 'pending',
    });
    return { approvalId, status: 'pending', expiresAt, comment: null };
  }
}

function toAnswer(row: ApprovalRow, status: ApprovalAnswer['status']): ApprovalAnswer {
  return { approvalId: row.approval_id, status, expiresAt: row.expires_at, comment: row.comment };
}
