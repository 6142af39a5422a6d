import { Injectable } from '@nestjs/common';
import type { Page } from '#contract';
import type { RecordedEvent } from '#kernel';
import { Reader, Where } from '#persistence';
import { EVENT_COLUMNS, type LogRow, toRecordedEvent } from './log/log-columns.js';

const COLUMNS = EVENT_COLUMNS.join(', ');

export interface AuditFilter {
  readonly agentId?: string | undefined;
  readonly operationType?: string | undefined;
  readonly rbacDecision?: string | undefined;
}

export interface AuditCounts {
  readonly total: number;
  readonly decisions: Record<string, number>;
  readonly operationTypes: Record<string, number>;
  readonly roles: Record<string, number>;
}

/** Reads the log. Nothing here writes: entries come through the log's sink alone. */
@Injectable()
export class AuditRepository {
  constructor(private readonly reader: Reader) {}

  /** How many entries the log holds; also the newest sequence number. */
  async size(): Promise<number> {
    const [head] = await this.reader.query<{ size: number }>(
      'SELECT size FROM agent_audit_head WHERE id = 1',
    );
    return head?.size ?? 0;
  }

  /** Newest first. */
  async findNewest(filter: AuditFilter, page: Page): Promise<RecordedEvent[]> {
    const where = new Where()
      .and('agent_id = ?', filter.agentId)
      .and('operation_type = ?', filter.operationType)
      .and('rbac_decision = ?', filter.rbacDecision);
    const rows = await this.reader.query<LogRow>(
      `SELECT ${COLUMNS} FROM agent_audit_log ${where.sql} ORDER BY seq DESC LIMIT ? OFFSET ?`,
      [...where.parameters, page.limit, page.skip],
    );
    return rows.map(toRecordedEvent);
  }

  /** In log order, from the entry after `seq`. */
  async findAfter(seq: number, limit: number): Promise<RecordedEvent[]> {
    const rows = await this.reader.query<LogRow>(
      `SELECT ${COLUMNS} FROM agent_audit_log WHERE seq > ? ORDER BY seq LIMIT ?`,
      [seq, limit],
    );
    return rows.map(toRecordedEvent);
  }

  async count(agentId: string | undefined): Promise<AuditCounts> {
    const [decisions, operationTypes, roles] = await Promise.all([
      this.countBy('rbac_decision', agentId),
      this.countBy('operation_type', agentId),
      this.countBy('agent_role', agentId),
    ]);
    const total = Object.values(decisions).reduce((sum, count) => sum + count, 0);
    return { total, decisions, operationTypes, roles };
  }

  private async countBy(column: string, agentId: string | undefined): Promise<Record<string, number>> {
    const where = new Where().and('agent_id = ?', agentId);
    const rows = await this.reader.query<{ value: string; entries: number }>(
      `SELECT ${column} AS value, COUNT(*) AS entries FROM agent_audit_log ${where.sql} GROUP BY ${column}`,
      where.parameters,
    );
    return Object.fromEntries(rows.map((row) => [row.value, row.entries]));
  }
}
