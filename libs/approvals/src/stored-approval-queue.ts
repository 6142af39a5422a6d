import { Injectable } from '@nestjs/common';
import { ApprovalQueue, Clock, type WaitingApproval } from '#kernel';
import { ApprovalsRepository } from './approvals.repository.js';

/** The approvals of the store that wait, and whose time is not over. */
@Injectable()
export class StoredApprovalQueue extends ApprovalQueue {
  constructor(
    private readonly repository: ApprovalsRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  async waiting(limit: number): Promise<WaitingApproval[]> {
    const rows = await this.repository.findWaiting(this.clock.now(), limit);
    return rows.map((row) => ({
      approvalId: row.approval_id,
      agent: { agentId: row.agent_id, name: row.agent_name, role: row.agent_role },
      requestedAt: row.requested_at,
    }));
  }
}
