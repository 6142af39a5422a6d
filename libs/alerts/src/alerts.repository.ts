import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf } from '#contract';
import { Reader, Where } from '#persistence';
import type { AlertSeverity } from '#rbac';

/** Which alerts. */
export interface AlertFilter {
  readonly rule?: string | undefined;
  readonly severity?: AlertSeverity | undefined;
  readonly agentId?: string | undefined;
  /** Milliseconds UTC, included. */
  readonly since?: number | null;
}

/** The entry of an alert. */
export interface AlertRow {
  readonly seq: number;
  readonly audit_id: string;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly agent_role: string;
  readonly operation_type: string;
  readonly outcome: string;
  readonly recorded_at: number;
  /** JSON text; null once its texts are erased. */
  readonly context: string | null;
}

const COLUMNS = [
  ...['seq', 'audit_id', 'agent_id', 'agent_name', 'agent_role', 'operation_type', 'outcome'],
  ...['recorded_at', 'context'],
];

/** The alerts of the log. */
@Injectable()
export class AlertsRepository {
  constructor(private readonly reader: Reader) {}

  /** Newest first. */
  async findNewest(filter: AlertFilter, { skip, limit, after }: Page): Promise<PageOf<AlertRow>> {
    // Alerts are fewer than an agent's entries. SQLite keeps no statistics to know; `+` tells it.
    const beside = this.reader.dialect === 'sqlite' ? '+' : '';
    const where = new Where()
      .andAll(`source = 'decided' AND substr(operation_type, 1, 6) = 'alert.'`, [])
      .and(`${beside}agent_id = ?`, filter.agentId)
      .and('target_resource = ?', filter.rule)
      .and('outcome = ?', filter.severity)
      .and('recorded_at >= ?', filter.since)
      .andAll('seq < ?', after);
    const rows = await this.reader.select<AlertRow>(
      COLUMNS,
      `FROM agent_audit_log ${where.sql} ORDER BY seq DESC LIMIT ? OFFSET ?`,
      [...where.parameters, limit + 1, skip],
    );
    return pageOf(rows, limit, ({ seq }) => [seq]);
  }
}
