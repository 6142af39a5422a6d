import { Injectable } from '@nestjs/common';
import type { TransactionContext } from '#kernel';
import { Reader, storeOf } from '#persistence';
import { STATE } from './fleet-rows.js';
import { IN_NUMBERS } from './in-numbers.js';

/** Up to where the fleet has followed the log. */
const MARK = `(SELECT seq FROM log_followers WHERE name = 'fleet')`;

/** An agent that fell silent. */
export interface SilentAgent {
  readonly started_seq: number;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly agent_role: string;
  readonly session_id: string | null;
  /** Milliseconds UTC. */
  readonly seen_at: number;
  /** The type of its last operation; null where that has left the log. */
  readonly operation_type: string | null;
  /** 1 where its silence is news. */
  readonly is_news: number;
}

/** More are told by the next units of work. */
const AT_ONCE = 200;
/** As many entries may have come since the log was followed, and are looked through. */
const TAIL = 5_000;

const COLUMNS = [
  ...['a.started_seq', 'a.agent_id', 'a.agent_name', 'a.agent_role', 's.session_id', 'a.seen_at'],
  'l.operation_type',
  'CASE WHEN a.last_seq > (SELECT told_from FROM fleet_watch WHERE id = 1) THEN 1 ELSE 0 END AS is_news',
];

/** Which agents fell silent. */
@Injectable()
export class IdleRepository {
  constructor(private readonly reader: Reader) {}

  /** Whether there may be some that gave no sign of life since `time`, milliseconds UTC. */
  async isDue(time: number): Promise<boolean> {
    const rows = await this.reader.query(
      `SELECT 1 AS due FROM fleet_activities WHERE state = ${STATE.active} AND seen_at <= ? LIMIT 1`,
      [time],
    );
    return rows.length > 0;
  }

  /**
   * Marks agents that gave no sign of life since `time`, within a transaction, whose lock keeps others from doing so and the
   * log from growing: none is marked of whom anything is in the log that was not followed yet, nor any while that is much.
   */
  async mark(ctx: TransactionContext, time: number): Promise<SilentAgent[]> {
    const store = storeOf(ctx);
    const silent = await store.select<SilentAgent>(
      COLUMNS,
      `FROM fleet_activities a
       LEFT JOIN fleet_sessions s ON s.session_seq = a.session_seq
       LEFT JOIN agent_audit_log l ON l.seq = a.operation_seq
       WHERE a.state = ${STATE.active} AND a.seen_at <= ?
         AND (SELECT size FROM agent_audit_head WHERE id = 1) - ${MARK} <= ${TAIL}
         AND NOT EXISTS (SELECT 1 FROM agent_audit_log t WHERE t.agent_id = a.agent_id AND t.seq > ${MARK})
       ORDER BY a.seen_at, a.started_seq LIMIT ${AT_ONCE}`,
      [time],
    );
    if (silent.length === 0) return silent;
    await store.query(
      `UPDATE fleet_activities SET idle_since = seen_at,
         state = CASE WHEN activated_at IS NULL THEN ${STATE.past} ELSE ${STATE.idle} END
       WHERE state > 0 AND started_seq ${IN_NUMBERS[store.dialect]}`,
      [JSON.stringify(silent.map((row) => row.started_seq))],
    );
    return silent;
  }
}
