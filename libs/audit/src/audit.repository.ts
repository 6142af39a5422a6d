import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf } from '#contract';
import type { RecordedEvent } from '#kernel';
import { Reader, RowMemo } from '#persistence';
import { type LogRow, ROW_COLUMNS, toRecordedEvent } from './log/log-columns.js';
import { type AuditFilter, logQuery } from './log/log-query.js';

/** Where the log stands. */
export interface LogStanding {
  /** Its random id; another log that begins in the same store has another. */
  readonly logId: string;
  /** How many entries were ever written; also the newest sequence number. */
  readonly size: number;
  /** Entries up to there may be gone. */
  readonly removableTo: number;
}

/** Reads the log. Nothing here writes: entries come through the log's sink alone. */
@Injectable()
export class AuditRepository {
  private readonly events = new RowMemo<LogRow, RecordedEvent>(ROW_COLUMNS, toRecordedEvent);

  constructor(private readonly reader: Reader) {}

  async standing(): Promise<LogStanding> {
    const [head] = await this.reader.query<LogStanding>(
      'SELECT log_id AS "logId", size, removable_to AS "removableTo" FROM agent_audit_head WHERE id = 1',
    );
    if (!head) throw new Error('the log has no head');
    return head;
  }

  /** How many entries the log holds; also the newest sequence number. */
  async size(): Promise<number> {
    const [head] = await this.reader.query<{ size: number }>(
      'SELECT size FROM agent_audit_head WHERE id = 1',
    );
    return head?.size ?? 0;
  }

  /** Newest first. */
  async findNewest(filter: AuditFilter, { skip, limit, after }: Page): Promise<PageOf<RecordedEvent>> {
    const { from, seq, bounds, where } = logQuery(filter, this.reader.dialect);
    if (filter.from != null) where.and(bounds.from.sql, bounds.from.parameter(filter.from));
    // A place is behind the end already, and only one upper bound can lead the search.
    if (after) where.andAll(`${seq} < ?`, after);
    else if (filter.to != null) where.and(bounds.to.sql, bounds.to.parameter(filter.to));
    const events = await this.events.select(
      this.reader,
      `FROM ${from} ${where.sql} ORDER BY ${seq} DESC LIMIT ? OFFSET ?`,
      [...where.parameters, limit + 1, skip],
    );
    return pageOf(events, limit, ({ seq }) => [seq]);
  }

  /** Lets go of what entries were before their texts were erased. */
  forget(): void {
    this.events.clear();
  }

  /** In log order, from the entry after `seq`. */
  async findAfter(seq: number, limit: number): Promise<RecordedEvent[]> {
    const rows = await this.reader.select<LogRow>(
      ROW_COLUMNS,
      'FROM agent_audit_log WHERE seq > ? ORDER BY seq LIMIT ?',
      [seq, limit],
    );
    return rows.map(toRecordedEvent);
  }
}
