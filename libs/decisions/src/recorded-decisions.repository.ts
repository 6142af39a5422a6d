import { Injectable } from '@nestjs/common';
import { Reader } from '#persistence';
import type { DecisionContext } from './decision-entry.js';

const PAGE = 500;

export interface DecisionRange {
  /** Milliseconds UTC; null for no bound. */
  readonly from: number | null;
  /** Exclusive. */
  readonly to: number | null;
  readonly agentId: string | null;
}

export interface RecordedDecision {
  readonly seq: number;
  readonly decisionId: string;
  readonly agentId: string;
  readonly agentName: string;
  readonly decision: string;
  readonly reason: string | null;
  readonly recordedAt: number;
  readonly context: DecisionContext & { readonly approval_id?: string };
}

/** A decision that was made under a tool use. */
export interface ToolUseDecision {
  readonly decisionId: string;
  readonly decision: string;
  readonly principalId: string;
  readonly context: DecisionContext & { readonly request_hash: string; readonly session_id?: string };
}

/** One tool use is asked about once, or again after an approval: more than these are a flood. */
const DECISIONS_EACH = 16;

/** Those whose texts were erased cannot be decided again. */
const OF_DECISIONS = ["operation_type = 'rbac.check'", "source = 'decided'", 'text_salt IS NOT NULL'];

interface DecisionRow {
  seq: number;
  audit_id: string;
  agent_id: string;
  agent_name: string;
  rbac_decision: string;
  rbac_reason: string | null;
  recorded_at: number;
  context: string;
}

/** The decisions that the log holds. */
@Injectable()
export class RecordedDecisionsRepository {
  constructor(private readonly reader: Reader) {}

  async count(range: DecisionRange): Promise<number> {
    const { sql, parameters } = conditionsOf(range);
    const [row] = await this.reader.query<{ decisions: number }>(
      `SELECT COUNT(*) AS decisions FROM agent_audit_log WHERE ${sql}`,
      parameters,
    );
    return row?.decisions ?? 0;
  }

  /** The decisions about an agent's tool use, newest first. */
  async ofToolUse(agentId: string, toolUseId: string): Promise<ToolUseDecision[]> {
    const rows = await this.reader.query<DecisionRow & { principal_id: string }>(
      `SELECT audit_id, rbac_decision, principal_id, context FROM agent_audit_log
       WHERE tool_use_id = ? AND agent_id = ? AND operation_type = 'rbac.check' AND source = 'decided'
       ORDER BY seq DESC LIMIT ${DECISIONS_EACH}`,
      [toolUseId, agentId],
    );
    return rows.map((row) => ({
      decisionId: row.audit_id,
      decision: row.rbac_decision,
      principalId: row.principal_id,
      context: JSON.parse(row.context) as ToolUseDecision['context'],
    }));
  }

  /** In the order of the log, page by page, so that no read holds the store for long. */
  async *pages(range: DecisionRange): AsyncGenerator<RecordedDecision[]> {
    const { sql, parameters } = conditionsOf(range);
    for (let after = 0; ;) {
      const rows = await this.reader.query<DecisionRow>(
        `SELECT seq, audit_id, agent_id, agent_name, rbac_decision, rbac_reason, recorded_at, context
         FROM agent_audit_log WHERE ${sql} AND seq > ? ORDER BY seq LIMIT ${PAGE}`,
        [...parameters, after],
      );
      if (rows.length > 0) yield rows.map(toRecordedDecision);
      const last = rows.at(-1);
      if (!last || rows.length < PAGE) return;
      after = last.seq;
    }
  }
}

function conditionsOf({ from, to, agentId }: DecisionRange): { sql: string; parameters: unknown[] } {
  const conditions: [string, unknown][] = [];
  if (agentId !== null) conditions.push(['agent_id = ?', agentId]);
  if (from !== null) conditions.push(['recorded_at >= ?', from]);
  if (to !== null) conditions.push(['recorded_at < ?', to]);
  return {
    sql: [...OF_DECISIONS, ...conditions.map(([sql]) => sql)].join(' AND '),
    parameters: conditions.map(([, value]) => value),
  };
}

function toRecordedDecision(row: DecisionRow): RecordedDecision {
  return {
    seq: row.seq,
    decisionId: row.audit_id,
    agentId: row.agent_id,
    agentName: row.agent_name,
    decision: row.rbac_decision,
    reason: row.rbac_reason,
    recordedAt: row.recorded_at,
    context: JSON.parse(row.context) as RecordedDecision['context'],
  };
}
