import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf } from '#contract';
import type { ApprovalRequest, OperationContext, TransactionContext } from '#kernel';
import { Reader, storeOf, Where } from '#persistence';

/** As it is stored; `expired` is also what waits or was approved and whose time is over. */
export type ApprovalStatus = 'pending' | 'approved' | 'denied' | 'spent' | 'expired';

export interface ApprovalRow {
  readonly approval_id: string;
  readonly request_hash: string;
  readonly status: ApprovalStatus;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly agent_role: string;
  readonly requester_id: string;
  readonly requester_kind: string;
  readonly requester_owner: string | null;
  readonly tool_name: string;
  readonly tool_input: string;
  readonly operation: string | null;
  readonly root: string | null;
  readonly cwd: string | null;
  readonly session_id: string | null;
  readonly rule: string;
  readonly reason: string;
  /** JSON text. */
  readonly approvers: string;
  readonly requested_at: number;
  readonly expires_at: number;
  readonly decided_at: number | null;
  readonly decided_by: string | null;
  readonly comment: string | null;
  readonly spent_at: number | null;
  /** When texts of it were erased. */
  readonly erased_at: number | null;
}

export type WaitingRow = Pick<
  ApprovalRow,
  'approval_id' | 'agent_id' | 'agent_name' | 'agent_role' | 'requested_at'
>;

export interface ApprovalFilter {
  readonly status: ApprovalStatus | undefined;
  readonly agentId: string | undefined;
}

const FIND = 'SELECT * FROM approvals WHERE approval_id = ?';
const OPEN = "status IN ('pending', 'approved')";
/** As no OR, which would be looked up by status, several times, and sorted afterwards. */
const EXPIRED = `CASE WHEN ${OPEN} THEN expires_at <= ? ELSE status = 'expired' END`;

@Injectable()
export class ApprovalsRepository {
  constructor(private readonly reader: Reader) {}

  /** Inside a transaction as that sees it. */
  async find(ctx: OperationContext, approvalId: string): Promise<ApprovalRow | null> {
    const [row] = await this.reader.within(ctx).query<ApprovalRow>(FIND, [approvalId]);
    return row ?? null;
  }

  /** Newest first. */
  async findPage(filter: ApprovalFilter, page: Page, now: number): Promise<PageOf<ApprovalRow>> {
    const { status } = filter;
    const where = new Where().and('agent_id = ?', filter.agentId);
    if (status === 'expired') where.and(EXPIRED, now);
    else where.and('status = ?', status);
    if (status === 'pending' || status === 'approved') where.and('expires_at > ?', now);
    where.andAll('(requested_at, approval_id) < (?, ?)', page.after);
    const rows = await this.reader.query<ApprovalRow>(
      `SELECT * FROM approvals ${where.sql} ORDER BY requested_at DESC, approval_id DESC LIMIT ? OFFSET ?`,
      [...where.parameters, page.limit + 1, page.skip],
    );
    return pageOf(rows, page.limit, (row) => [row.requested_at, row.approval_id]);
  }

  /** Those that wait, oldest first. */
  findWaiting(now: number, limit: number): Promise<WaitingRow[]> {
    return this.reader.query<WaitingRow>(
      `SELECT approval_id, agent_id, agent_name, agent_role, requested_at FROM approvals
       WHERE status = 'pending' AND expires_at > ? ORDER BY requested_at, approval_id LIMIT ?`,
      [now, limit],
    );
  }

  /** The newest for this request that still says something, as the transaction sees it. */
  async findStanding(ctx: TransactionContext, hash: string, now: number): Promise<ApprovalRow | null> {
    const [row] = await storeOf(ctx).query<ApprovalRow>(
      `SELECT * FROM approvals WHERE request_hash = ? AND status IN ('pending', 'approved', 'denied')
         AND expires_at > ? ORDER BY requested_at DESC, approval_id DESC LIMIT 1`,
      [hash, now],
    );
    return row ?? null;
  }

  /** Writes down that what is over is over, so that the request can be made again. */
  async expire(ctx: TransactionContext, hash: string, now: number): Promise<void> {
    await storeOf(ctx).query(
      `UPDATE approvals SET status = 'expired' WHERE request_hash = ? AND ${OPEN} AND expires_at <= ?`,
      [hash, now],
    );
  }

  async insert(
    ctx: TransactionContext,
    approvalId: string,
    request: ApprovalRequest,
    now: number,
    expiresAt: number,
  ): Promise<void> {
    await storeOf(ctx).query(
      `INSERT INTO approvals (approval_id, request_hash, status, agent_id, agent_name, agent_role, requester_id,
         requester_kind, requester_owner, tool_name, tool_input, operation, root, cwd, session_id, rule, reason, approvers,
         requested_at, expires_at)
       VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        approvalId,
        request.hash,
        request.agent.agentId,
        request.agent.name,
        request.agent.role,
        ctx.principal.id,
        ctx.principal.kind,
        ctx.principal.owner ?? null,
        request.toolName,
        request.toolInput,
        request.operation,
        request.root,
        request.cwd,
        request.sessionId,
        request.rule,
        request.reason,
        JSON.stringify(request.approvers),
        now,
        expiresAt,
      ],
    );
  }

  /** @returns false where it no longer waits: somebody decided first, or its time is over. */
  decide(
    ctx: TransactionContext,
    approvalId: string,
    status: 'approved' | 'denied',
    comment: string | null,
    now: number,
  ): Promise<boolean> {
    return changed(
      ctx,
      `UPDATE approvals SET status = ?, decided_at = ?, decided_by = ?, comment = ?
       WHERE approval_id = ? AND status = 'pending' AND expires_at > ? RETURNING approval_id`,
      [status, now, ctx.principal.id, comment, approvalId, now],
    );
  }

  /** @returns false where it was used already, or its time is over. */
  spend(ctx: TransactionContext, approvalId: string, now: number): Promise<boolean> {
    return changed(
      ctx,
      `UPDATE approvals SET status = 'spent', spent_at = ?
       WHERE approval_id = ? AND status = 'approved' AND expires_at > ? RETURNING approval_id`,
      [now, approvalId, now],
    );
  }
}

async function changed(ctx: TransactionContext, sql: string, parameters: unknown[]): Promise<boolean> {
  // TypeORM answers an UPDATE on PostgreSQL with its rows and their number.
  const answer = await storeOf(ctx).query(sql, parameters);
  const rows = Array.isArray(answer[0]) ? answer[0] : answer;
  return rows.length > 0;
}
