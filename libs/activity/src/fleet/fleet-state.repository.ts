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

/** Rows out of a JSON list of pairs of an agent and a session, and out of one of agents. */
const PAIRS: Readonly<Record<Dialect, string>> = {
  sqlite: 'SELECT value ->> 0 AS agent, value ->> 1 AS session FROM json_each(?)',
  postgres: `SELECT value ->> 0 AS agent, CAST(value ->> 1 AS BIGINT) AS session
    FROM jsonb_array_elements(CAST(? AS jsonb)) AS each(value)`,
};
const AGENTS: Readonly<Record<Dialect, string>> = {
  sqlite: 'SELECT value AS agent FROM json_each(?)',
  postgres: 'SELECT jsonb_array_elements_text(CAST(? AS jsonb)) AS agent',
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

  /** What following `entries` needs of the activities of their agents, as `FleetFold` has it. */
  async findActivities(
    ctx: TransactionContext,
    entries: readonly FleetEntry[],
    sessions: readonly SessionRow[],
  ): Promise<ActivityRow[]> {
    const store = storeOf(ctx);
    const known = new Map(sessions.map((row) => [row.session_id, row.session_seq]));
    const pairs = new Map<string, readonly [string, number]>();
    for (const { agentId, sessionId } of entries)
      for (const session of [NO_SESSION, sessionId === null ? undefined : known.get(sessionId)])
        if (session !== undefined) pairs.set(`${session} ${agentId}`, [agentId, session]);
    const agentsOf = (some: readonly FleetEntry[]) =>
      JSON.stringify([...new Set(some.map(({ agentId }) => agentId))]);
    const { dialect } = store;
    return store.select<ActivityRow>(
      ACTIVITY_COLUMNS,
      `FROM (
        SELECT a.* FROM (${PAIRS[dialect]}) p
          JOIN fleet_activities a ON a.agent_id = p.agent AND a.session_seq = p.session
        UNION SELECT a.* FROM (${AGENTS[dialect]}) p
          JOIN fleet_activities a ON a.agent_id = p.agent AND a.state > 0 AND a.started_seq IN (
            SELECT x.started_seq FROM fleet_activities x
            WHERE x.agent_id = p.agent AND x.state > 0 AND x.activated_at IS NOT NULL
            ORDER BY x.started_seq DESC LIMIT ?)
        UNION SELECT * FROM fleet_activities WHERE state > 0 AND agent_id ${IN_JSON[dialect]}
      ) found`,
      [
        JSON.stringify([...pairs.values()]),
        agentsOf(entries.filter(({ sessionId }) => sessionId === null)),
        mostEnded(entries) + 1,
        agentsOf(entries.filter(({ kind }) => kind === 'retirement')),
      ],
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

/** How many activities of one agent the entries may end by completions. */
function mostEnded(entries: readonly FleetEntry[]): number {
  const counts = new Map<string, number>();
  for (const { kind, agentId } of entries)
    if (kind === 'completion') counts.set(agentId, (counts.get(agentId) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}
