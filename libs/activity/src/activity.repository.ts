import { Injectable } from '@nestjs/common';
import { seqBounds } from '#audit';
import { type Page, type PageOf, pageOf } from '#contract';
import { Reader, Where } from '#persistence';

const BOUNDS = seqBounds('agent_activity');

/** One entry of the log, as far as activity shows it. */
export interface Activity {
  readonly activityId: string;
  readonly agentId: string;
  readonly agentName: string;
  readonly operationType: string;
  readonly operationDetail: string | null;
  readonly rbacDecision: string;
  /** Milliseconds UTC. */
  readonly recordedAt: number;
  readonly costMicro: number | null;
  readonly tokensUsed: number | null;
  /** Its texts were erased. */
  readonly erased: boolean;
}

export interface ActivityFilter {
  readonly agentId?: string | undefined;
  /** Milliseconds UTC; nothing older. */
  readonly since: number;
}

interface ActivityRow {
  seq: number;
  activity_id: string;
  agent_id: string;
  agent_name: string;
  operation_type: string;
  operation_detail: string | null;
  rbac_decision: string;
  recorded_at: number;
  cost_micro: number | null;
  tokens_used: number | null;
  erased: number;
}

const COLUMNS: readonly (keyof ActivityRow)[] = [
  ...(['seq', 'activity_id', 'agent_id', 'agent_name', 'operation_type', 'operation_detail'] as const),
  ...(['rbac_decision', 'recorded_at', 'cost_micro', 'tokens_used', 'erased'] as const),
];

/** Reads the view of the log that shows activity. */
@Injectable()
export class ActivityRepository {
  constructor(private readonly reader: Reader) {}

  /** Newest first. */
  async findNewest(
    { agentId, since }: ActivityFilter,
    { skip, limit, after }: Page,
  ): Promise<PageOf<Activity>> {
    const where = new Where()
      .and('agent_id = ?', agentId)
      .and(BOUNDS.from.sql, BOUNDS.from.parameter(since))
      .and('recorded_at >= ?', since)
      .andAll('seq < ?', after);
    const rows = await this.reader.select<ActivityRow>(
      COLUMNS,
      `FROM agent_activity ${where.sql} ORDER BY seq DESC LIMIT ? OFFSET ?`,
      [...where.parameters, limit + 1, skip],
    );
    const page = pageOf(rows, limit, ({ seq }) => [seq]);
    return { ...page, items: page.items.map(toActivity) };
  }
}

function toActivity(row: ActivityRow): Activity {
  return {
    activityId: row.activity_id,
    agentId: row.agent_id,
    agentName: row.agent_name,
    operationType: row.operation_type,
    operationDetail: row.operation_detail,
    rbacDecision: row.rbac_decision,
    recordedAt: row.recorded_at,
    costMicro: row.cost_micro,
    tokensUsed: row.tokens_used,
    erased: row.erased === 1,
  };
}
