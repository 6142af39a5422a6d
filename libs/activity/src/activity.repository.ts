import { Injectable } from '@nestjs/common';
import type { Page } from '#contract';
import { Reader, Where } from '#persistence';

/** How far the times of the log may run against its order: entries that wait together, a clock that is set back. */
const DISORDER_MS = 60 * 60_000;

/** A power of two above any sequence number. */
const FIRST_STEP = 2 ** 40;

/**
 * Entries after the last one that is older than a time. It is found by halving steps through the sequence numbers,
 * since times rise with them and only they have an index. Without this bound the page of an agent that was quiet
 * would be looked for in its whole history.
 */
const NOT_OLDER = `seq > (
    WITH RECURSIVE older(edge, step) AS (
      SELECT CAST(0 AS BIGINT), CAST(${FIRST_STEP} AS BIGINT)
      UNION ALL
      SELECT CASE
          WHEN (SELECT recorded_at FROM agent_activity WHERE seq >= edge + step ORDER BY seq LIMIT 1) < ? THEN edge + step
          ELSE edge
        END, step / 2
      FROM older WHERE step > 0
    )
    SELECT edge FROM older WHERE step = 0
  )`;

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
}

export interface ActivityFilter {
  readonly agentId?: string | undefined;
  /** Milliseconds UTC; nothing older. */
  readonly since: number;
}

interface ActivityRow {
  activity_id: string;
  agent_id: string;
  agent_name: string;
  operation_type: string;
  operation_detail: string | null;
  rbac_decision: string;
  recorded_at: number;
  cost_micro: number | null;
  tokens_used: number | null;
}

const COLUMNS: readonly (keyof ActivityRow)[] = [
  ...(['activity_id', 'agent_id', 'agent_name', 'operation_type', 'operation_detail'] as const),
  ...(['rbac_decision', 'recorded_at', 'cost_micro', 'tokens_used'] as const),
];

/** Reads the view of the log that shows activity. */
@Injectable()
export class ActivityRepository {
  constructor(private readonly reader: Reader) {}

  /** Newest first. */
  async findNewest({ agentId, since }: ActivityFilter, page: Page): Promise<Activity[]> {
    const where = new Where()
      .and('agent_id = ?', agentId)
      .and(NOT_OLDER, since - DISORDER_MS)
      .and('recorded_at >= ?', since);
    const rows = await this.reader.select<ActivityRow>(
      COLUMNS,
      `FROM agent_activity ${where.sql} ORDER BY seq DESC LIMIT ? OFFSET ?`,
      [...where.parameters, page.limit, page.skip],
    );
    return rows.map(toActivity);
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
  };
}
