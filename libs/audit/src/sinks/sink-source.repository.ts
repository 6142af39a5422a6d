import { Injectable } from '@nestjs/common';
import type { RecordedEvent } from '#kernel';
import { marks, Reader, Where } from '#persistence';
import { type LogRow, ROW_COLUMNS, toRecordedEvent } from '../log/log-columns.js';
import type { SeqRange, SinkFilter } from './sink.js';

/** Where the log stands, seen from an entry. */
export interface LogStanding {
  readonly size: number;
  /** Entries up to there may be gone. */
  readonly removableTo: number;
  /** The first entry behind that one that is still there; null for none. */
  readonly next: number | null;
}

/** Reads of the log what is for a sink. */
@Injectable()
export class SinkSourceRepository {
  constructor(private readonly reader: Reader) {}

  async standing(after: number): Promise<LogStanding> {
    const [row] = await this.reader.query<LogStanding>(
      `SELECT size, removable_to AS "removableTo", (SELECT MIN(seq) FROM agent_audit_log WHERE seq > ?) AS next
       FROM agent_audit_head WHERE id = 1`,
      [after],
    );
    if (!row) throw new Error('the log has no head');
    return row;
  }

  /** In log order, at most `limit` of them. */
  async find(filter: SinkFilter, { fromSeq, toSeq }: SeqRange, limit: number): Promise<RecordedEvent[]> {
    const where = toWhere(filter).and('seq >= ?', fromSeq).and('seq <= ?', toSeq);
    const rows = await this.reader.select<LogRow>(
      ROW_COLUMNS,
      `FROM agent_audit_log ${where.sql} ORDER BY seq LIMIT ?`,
      [...where.parameters, limit],
    );
    return rows.map(toRecordedEvent);
  }
}

/** What an operation type ends with that stands for all that begin like it. */
export const ANY_ENDING = '.*';

function toWhere({ agentId, operationTypes, decisions, source }: SinkFilter): Where {
  const where = new Where().and('agent_id = ?', agentId).and('source = ?', source);
  if (decisions) where.andAll(`rbac_decision IN (${marks(decisions.length)})`, decisions);
  if (!operationTypes) return where;
  const whole = operationTypes.filter((type) => !type.endsWith(ANY_ENDING));
  const beginnings = operationTypes
    .filter((type) => type.endsWith(ANY_ENDING))
    .map((type) => type.slice(0, -1));
  const conditions = beginnings.map(() => 'substr(operation_type, 1, ?) = ?');
  if (whole.length > 0) conditions.push(`operation_type IN (${marks(whole.length)})`);
  return where.andAll(`(${conditions.join(' OR ')})`, [
    ...beginnings.flatMap((beginning) => [[...beginning].length, beginning]),
    ...whole,
  ]);
}
