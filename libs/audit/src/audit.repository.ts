import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf } from '#contract';
import type { RecordedEvent } from '#kernel';
import { type Dialect, Reader, RowMemo, Where } from '#persistence';
import { type LogRow, ROW_COLUMNS, toRecordedEvent } from './log/log-columns.js';
import { seqBounds } from './log/log-times.js';

/** The rows of a list, and by which number they are in the order of the log. */
interface Source {
  readonly from: string;
  readonly seq: string;
  readonly bounds: ReturnType<typeof seqBounds>;
}

const source = (from: string, seq: string): Source => {
  return { from, seq, bounds: seqBounds('agent_audit_log', seq) };
};
const LOG = source('agent_audit_log', 'seq');
/** The index of words leads: each of the numbers it finds is looked up in the log. */
const FOUND: Readonly<
  Record<Dialect, Source & { readonly match: string; readonly query: (words: string[]) => string }>
> = {
  sqlite: {
    ...source('audit_text CROSS JOIN agent_audit_log ON seq = audit_text.rowid', 'audit_text.rowid'),
    match: 'audit_text MATCH ?',
    query: (words) => words.map((word) => `"${word}"`).join(' '),
  },
  postgres: {
    ...source('audit_text JOIN agent_audit_log ON seq = entry', 'entry'),
    match: 'words @@ CAST(? AS tsquery)',
    query: (words) => words.map((word) => `'${word}'`).join(' & '),
  },
};

export interface AuditFilter {
  readonly agentId?: string | undefined;
  readonly agentRole?: string | undefined;
  readonly operationType?: string | undefined;
  readonly targetType?: string | undefined;
  readonly rbacDecision?: string | undefined;
  readonly traceId?: string | undefined;
  /** All of them, as `wordsOf` gives them. */
  readonly words?: ReadonlySet<string> | undefined;
  /** Milliseconds UTC, included. */
  readonly from?: number | null;
  /** Milliseconds UTC, excluded. */
  readonly to?: number | null;
}

/** Reads the log. Nothing here writes: entries come through the log's sink alone. */
@Injectable()
export class AuditRepository {
  private readonly events = new RowMemo<LogRow, RecordedEvent>(ROW_COLUMNS, toRecordedEvent);

  constructor(private readonly reader: Reader) {}

  /** How many entries the log holds; also the newest sequence number. */
  async size(): Promise<number> {
    const [head] = await this.reader.query<{ size: number }>(
      'SELECT size FROM agent_audit_head WHERE id = 1',
    );
    return head?.size ?? 0;
  }

  /** Newest first. */
  async findNewest(filter: AuditFilter, { skip, limit, after }: Page): Promise<PageOf<RecordedEvent>> {
    const { dialect } = this.reader;
    const { from, seq, bounds } = filter.words ? FOUND[dialect] : LOG;
    const where = toWhere(filter, dialect);
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

function toWhere(filter: AuditFilter, dialect: Dialect): Where {
  const { agentId, from, words } = filter;
  // An agent's entries are fewer than everybody's of one kind. SQLite keeps no statistics to know; `+` tells it.
  const beside = agentId !== undefined && dialect === 'sqlite' ? '+' : '';
  return new Where()
    .and(FOUND[dialect].match, words && FOUND[dialect].query([...words]))
    .and('agent_id = ?', agentId)
    .and(`${beside}operation_type = ?`, filter.operationType)
    .and(`${beside}rbac_decision = ?`, filter.rbacDecision)
    .and('agent_role = ?', filter.agentRole)
    .and('target_type = ?', filter.targetType)
    .and('trace_id = ?', filter.traceId)
    .and('recorded_at >= ?', from)
    .and('recorded_at < ?', filter.to);
}
