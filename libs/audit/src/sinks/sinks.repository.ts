import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf } from '#contract';
import { isUuid, type OperationContext, type TransactionContext } from '#kernel';
import { type Queryable, Reader, storeOf, Where } from '#persistence';
import type { AuditSink, SinkFilter } from './sink.js';

const COLUMNS = {
  sink_id: 'sinkId',
  name: 'name',
  target: 'target',
  filter: 'filter',
  state: 'state',
  delivered_to: 'deliveredTo',
  pending_to: 'pendingTo',
  failures: 'failures',
  failing_since: 'failingSince',
  next_attempt_at: 'nextAttemptAt',
  last_error: 'lastError',
  dead_in_row: 'deadInRow',
  last_delivered_at: 'lastDeliveredAt',
  secret_version: 'secretVersion',
  secret_hash: 'secretHash',
  previous_until: 'previousUntil',
  lease_owner: 'leaseOwner',
  lease_until: 'leaseUntil',
  created_by: 'createdBy',
  created_at: 'createdAt',
} as const satisfies Record<string, keyof AuditSink>;
const SELECTED = Object.entries(COLUMNS)
  .map(([column, name]) => `s.${column} AS "${name}"`)
  .join(', ');

/** A sink beside what the log and its dead letters say of it. */
export interface SinkStanding {
  readonly sink: AuditSink;
  /** How many entries the log holds beyond those that the sink is done with. */
  readonly lag: number;
  readonly deadLetters: number;
}

/** What filters did not have that were made by a version before. */
const OLDER = { source: null };

type SinkRow = Omit<AuditSink, 'filter'> & { filter: string };
type StandingRow = SinkRow & { lag: number; deadLetters: number };
const STANDING = `SELECT ${SELECTED},
  (SELECT size FROM agent_audit_head WHERE id = 1) - s.delivered_to AS lag,
  (SELECT COUNT(*) FROM audit_dead_letters d WHERE d.sink_id = s.sink_id) AS "deadLetters"
  FROM audit_sinks s`;

@Injectable()
export class SinksRepository {
  constructor(private readonly reader: Reader) {}

  async insert(ctx: TransactionContext, sink: AuditSink): Promise<void> {
    const columns = Object.keys(COLUMNS);
    await storeOf(ctx).query(
      `INSERT INTO audit_sinks (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      Object.values(COLUMNS).map((name) => toValue(sink[name])),
    );
  }

  async update(ctx: TransactionContext, sinkId: string, changes: Partial<AuditSink>): Promise<void> {
    const changed = Object.entries(COLUMNS).filter(([, name]) => changes[name] !== undefined);
    await storeOf(ctx).query(
      `UPDATE audit_sinks SET ${changed.map(([column]) => `${column} = ?`).join(', ')} WHERE sink_id = ?`,
      [...changed.map(([, name]) => toValue(changes[name])), sinkId],
    );
  }

  /** With its dead letters. */
  async remove(ctx: TransactionContext, sinkId: string): Promise<void> {
    await storeOf(ctx).query('DELETE FROM audit_sinks WHERE sink_id = ?', [sinkId]);
  }

  async findById(ctx: OperationContext, sinkId: string): Promise<AuditSink | null> {
    return isUuid(sinkId) ? oneOf(this.reader.within(ctx), 'sink_id', sinkId) : null;
  }

  async findByName(ctx: TransactionContext, name: string): Promise<AuditSink | null> {
    return oneOf(storeOf(ctx), 'name', name);
  }

  async count(ctx: TransactionContext): Promise<number> {
    const [row] = await storeOf(ctx).query<{ sinks: number }>('SELECT COUNT(*) AS sinks FROM audit_sinks');
    return row?.sinks ?? 0;
  }

  async findStanding(ctx: OperationContext, sinkId: string): Promise<SinkStanding | null> {
    if (!isUuid(sinkId)) return null;
    const [row] = await this.reader
      .within(ctx)
      .query<StandingRow>(`${STANDING} WHERE s.sink_id = ?`, [sinkId]);
    return row ? toStanding(row) : null;
  }

  /** Newest first. */
  async findPage({ skip, limit, after }: Page): Promise<PageOf<SinkStanding>> {
    const where = new Where().andAll('(s.created_at, s.sink_id) < (?, ?)', after);
    const rows = await this.reader.query<StandingRow>(
      `${STANDING} ${where.sql} ORDER BY s.created_at DESC, s.sink_id DESC LIMIT ? OFFSET ?`,
      [...where.parameters, limit + 1, skip],
    );
    return pageOf(rows.map(toStanding), limit, ({ sink }) => [sink.createdAt, sink.sinkId]);
  }

  /** Those that something can be delivered to now, and that no process is delivering to. */
  async findDue(now: number): Promise<AuditSink[]> {
    const rows = await this.reader.query<SinkRow>(
      `SELECT ${SELECTED} FROM audit_sinks s WHERE s.state = 'active' AND s.next_attempt_at <= ?
         AND (s.lease_owner IS NULL OR s.lease_until <= ?)
         AND (s.delivered_to < (SELECT size FROM agent_audit_head WHERE id = 1)
           OR EXISTS (SELECT 1 FROM audit_dead_letters d WHERE d.sink_id = s.sink_id AND d.queued_at IS NOT NULL))`,
      [now, now],
    );
    return rows.map(toSink);
  }
}

async function oneOf(db: Queryable, column: 'sink_id' | 'name', value: string): Promise<AuditSink | null> {
  const [row] = await db.query<SinkRow>(`SELECT ${SELECTED} FROM audit_sinks s WHERE s.${column} = ?`, [
    value,
  ]);
  return row ? toSink(row) : null;
}

function toSink(row: SinkRow): AuditSink {
  return { ...row, filter: { ...OLDER, ...(JSON.parse(row.filter) as SinkFilter) } };
}

function toStanding({ lag, deadLetters, ...row }: StandingRow): SinkStanding {
  return { sink: toSink(row), lag, deadLetters };
}

function toValue(value: AuditSink[keyof AuditSink] | undefined): unknown {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}
