import { Injectable } from '@nestjs/common';
import type { TransactionContext } from '#kernel';
import { type Dialect, IN_JSON, insertRows, storeOf } from '#persistence';
import {
  ACTIVITY_COLUMNS,
  type ActivityRow,
  NO_SESSION,
  SESSION_COLUMNS,
  type SessionRow,
} from './fleet-rows.js';
import type { FleetEntry } from './fleet-entry.js';
import type { FleetFold } from './fleet-fold.js';

/** Rows out of a JSON list of pairs of an agent and a session. */
const PAIRS: Readonly<Record<Dialect, string>> = {
  sqlite: 'SELECT value ->> 0 AS agent, value ->> 1 AS session FROM json_each(?)',
  postgres: `SELECT value ->> 0 AS agent, CAST(value ->> 1 AS BIGINT) AS session
    FROM jsonb_array_elements(CAST(? AS jsonb)) AS each(value)`,
};

/** On a conflict over `key`, all other columns are written anew. */
function overwriting(key: readonly string[], columns: readonly string[]): string {
  const set = columns.filter((name) => !key.includes(name)).map((name) => `${name} = excluded.${name}`);
  return `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${set.join(', ')}`;
}
const SAVE_SESSIONS = overwriting(['session_seq'], SESSION_COLUMNS);
const SAVE_ACTIVITIES = overwriting(['agent_id', 'session_seq'], ACTIVITY_COLUMNS);

/** The tables of the fleet, as what follows the log writes them: under the lock under which the log grows. */
@Injectable()
export class FleetStateRepository {
  /** All sessions that entries name. */
  async findSessions(ctx: TransactionContext, entries: readonly FleetEntry[]): Promise<SessionRow[]> {
    const ids = new Set(entries.flatMap(({ sessionId }) => (sessionId === null ? [] : [sessionId])));
    if (ids.size === 0) return [];
    const store = storeOf(ctx);
    return store.select<SessionRow>(
      SESSION_COLUMNS,
      `FROM fleet_sessions WHERE session_id ${IN_JSON[store.dialect]}`,
      [JSON.stringify([...ids])],
    );
  }

  /** Of the agents of entries: what goes on, and what they do in the sessions that are named, and in none. */
  async findActivities(
    ctx: TransactionContext,
    entries: readonly FleetEntry[],
    sessions: readonly SessionRow[],
  ): Promise<ActivityRow[]> {
    const store = storeOf(ctx);
    const known = new Map(sessions.map((row) => [row.session_id, row.session_seq]));
    const pairs = new Map<string, readonly [string, number]>();
    for (const { agentId, sessionId } of entries) {
      const session = sessionId === null ? NO_SESSION : known.get(sessionId);
      if (session !== undefined) pairs.set(`${session} ${agentId}`, [agentId, session]);
    }
    const agents = [...new Set(entries.map(({ agentId }) => agentId))];
    return store.select<ActivityRow>(
      ACTIVITY_COLUMNS,
      `FROM (
        SELECT * FROM fleet_activities WHERE state > 0 AND agent_id ${IN_JSON[store.dialect]}
        UNION SELECT a.* FROM (${PAIRS[store.dialect]}) p
          JOIN fleet_activities a ON a.agent_id = p.agent AND a.session_seq = p.session
      ) found`,
      [JSON.stringify(agents), JSON.stringify([...pairs.values()])],
    );
  }

  async save(
    ctx: TransactionContext,
    { sessions, activities, entries }: FleetFold['changed'],
  ): Promise<void> {
    const store = storeOf(ctx);
    await insertRows(
      store,
      'fleet_sessions',
      SESSION_COLUMNS,
      sessions.map(valuesOf(SESSION_COLUMNS)),
      SAVE_SESSIONS,
    );
    await insertRows(
      store,
      'fleet_activities',
      ACTIVITY_COLUMNS,
      activities.map(valuesOf(ACTIVITY_COLUMNS)),
      SAVE_ACTIVITIES,
    );
    await insertRows(store, 'fleet_entries', ['seq', 'session_seq'], entries);
  }
}

function valuesOf<Row extends object>(columns: readonly (keyof Row)[]): (row: Row) => unknown[] {
  return (row) => columns.map((column) => row[column]);
}
