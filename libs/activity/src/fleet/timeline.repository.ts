import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf } from '#contract';
import { Reader, Where } from '#persistence';

/** An entry of a session, read from the log. */
export interface TimelineRow {
  readonly seq: number;
  readonly audit_id: string;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly agent_role: string;
  readonly operation_type: string;
  readonly operation_detail: string | null;
  readonly target_resource: string | null;
  readonly rbac_decision: string;
  readonly rbac_reason: string | null;
  /** micro-USD, as the entry states it. */
  readonly cost_micro: number | null;
  readonly tokens_used: number | null;
  /** Milliseconds UTC. */
  readonly recorded_at: number;
  readonly source: string;
}

export const ORDERS = ['newest', 'oldest'] as const;
export type Order = (typeof ORDERS)[number];
const DIRECTION = { newest: ['<', 'DESC'], oldest: ['>', 'ASC'] } as const;

const COLUMNS = [
  ...['seq', 'audit_id', 'agent_id', 'agent_name', 'agent_role', 'operation_type', 'operation_detail'],
  ...[
    'target_resource',
    'rbac_decision',
    'rbac_reason',
    'cost_micro',
    'tokens_used',
    'recorded_at',
    'source',
  ],
].map((name) => `l.${name}`);

/** The entries of sessions. */
@Injectable()
export class TimelineRepository {
  constructor(private readonly reader: Reader) {}

  /** @param agentId only this agent's; undefined for all. */
  async find(
    sessionSeq: number,
    agentId: string | undefined,
    order: Order,
    { skip, limit, after }: Page,
  ): Promise<PageOf<TimelineRow>> {
    const [behind, direction] = DIRECTION[order];
    const where = new Where()
      .and('e.session_seq = ?', sessionSeq)
      .and('l.agent_id = ?', agentId)
      .andAll(`e.seq ${behind} ?`, after);
    const rows = await this.reader.select<TimelineRow>(
      COLUMNS,
      `FROM fleet_entries e CROSS JOIN agent_audit_log l ${where.sql} AND l.seq = e.seq
       ORDER BY e.seq ${direction} LIMIT ? OFFSET ?`,
      [...where.parameters, limit + 1, skip],
    );
    return pageOf(rows, limit, ({ seq }) => [seq]);
  }
}
