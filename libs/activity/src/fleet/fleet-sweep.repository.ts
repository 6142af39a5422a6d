import { Injectable } from '@nestjs/common';
import type { TransactionContext } from '#kernel';
import { Reader, storeOf } from '#persistence';
import { NO_SESSION } from './fleet-rows.js';
import { IN_NUMBERS } from './in-numbers.js';

/** How far along the log one unit of work looks. */
const STRETCH = 10_000;
/** How many sessions, and how many activities, one unit removes. */
const ROWS = 1_000;

/** Takes out of the fleet what retention has taken out of the log. */
@Injectable()
export class FleetSweepRepository {
  constructor(private readonly reader: Reader) {}

  /** The first entry of any session. */
  async first(): Promise<number | null> {
    const [row] = await this.reader.query<{ seq: number | null }>(
      'SELECT MIN(seq) AS seq FROM fleet_entries',
    );
    return row?.seq ?? null;
  }

  /**
   * Forgets the entries from `from` on, a stretch of them up to `to`, that are not in the log any more.
   * @returns where the next stretch begins.
   */
  async forgetEntries(ctx: TransactionContext, from: number, to: number): Promise<number> {
    const next = Math.min(from + STRETCH, to + 1);
    await storeOf(ctx).query(
      `DELETE FROM fleet_entries WHERE seq >= ? AND seq < ?
         AND NOT EXISTS (SELECT 1 FROM agent_audit_log l WHERE l.seq = fleet_entries.seq)`,
      [from, next],
    );
    return next;
  }

  /** Forgets some of the sessions of which nothing is left, and that end at `to` at the latest. @returns whether there are more. */
  async forgetSessions(ctx: TransactionContext, to: number): Promise<boolean> {
    const store = storeOf(ctx);
    const gone = await store.query<{ session: number }>(
      `SELECT session_seq AS session FROM fleet_sessions s WHERE last_seq <= ?
         AND NOT EXISTS (SELECT 1 FROM fleet_entries e WHERE e.session_seq = s.session_seq)
       ORDER BY last_seq LIMIT ${ROWS}`,
      [to],
    );
    const sessions = JSON.stringify(gone.map(({ session }) => session));
    for (const table of ['fleet_activities', 'fleet_sessions'])
      await store.query(`DELETE FROM ${table} WHERE session_seq ${IN_NUMBERS[store.dialect]}`, [sessions]);
    return gone.length === ROWS;
  }

  /** The same for activities without a session. */
  async forgetActivities(ctx: TransactionContext, to: number): Promise<boolean> {
    const gone = await storeOf(ctx).change(
      `DELETE FROM fleet_activities WHERE session_seq = ${NO_SESSION} AND agent_id IN (
         SELECT agent_id FROM fleet_activities a WHERE session_seq = ${NO_SESSION} AND last_seq <= ?
           AND NOT EXISTS (SELECT 1 FROM agent_audit_log l WHERE l.seq = a.last_seq)
         ORDER BY last_seq LIMIT ${ROWS})`,
      [to],
    );
    return gone === ROWS;
  }
}
