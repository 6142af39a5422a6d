import type { FleetEntry } from './fleet-entry.js';
import { type ActivityRow, NO_SESSION, type SessionRow, STATE } from './fleet-rows.js';

/** The state of the fleet as far as some entries touch it, and how it goes on with them. */
export class FleetFold {
  private readonly sessions = new Map<string, SessionRow>();
  private readonly activities = new Map<string, Map<number, ActivityRow>>();
  private readonly changedSessions = new Set<SessionRow>();
  private readonly changedActivities = new Set<ActivityRow>();
  private readonly placed: (readonly [seq: number, sessionSeq: number])[] = [];

  /**
   * @param sessions all that the entries name.
   * @param activities of the agents of the entries: what they do in those sessions and in none, so many of the last that they were
   * activated for as may end meanwhile, and one more; of those that are retired, all that goes on.
   * @param idleAfterMs for how long what comes behind a completion still belongs to it.
   */
  constructor(
    sessions: readonly SessionRow[],
    activities: readonly ActivityRow[],
    private readonly idleAfterMs: number,
  ) {
    for (const row of sessions) this.sessions.set(row.session_id, row);
    for (const row of activities) this.ofAgent(row.agent_id).set(row.session_seq, row);
  }

  /** In the order of the log. */
  apply(entry: FleetEntry): void {
    if (entry.kind === 'other') return;
    if (entry.kind === 'retirement') {
      for (const row of this.goingOn(entry.agentId)) this.end(row, entry.at, null);
      return;
    }
    if (entry.kind === 'note') {
      this.note(entry);
      return;
    }
    const session = entry.sessionId === null ? null : this.sessionFor(entry, entry.sessionId);
    const own = this.activityFor(entry, session?.session_seq ?? NO_SESSION);
    if (entry.kind === 'activation') this.begin(own, entry, true);
    this.see(own, entry);
    const beside = this.beside(own);
    if (beside) this.see(beside, entry);
    if (entry.kind === 'completion') {
      if (beside && !isActivated(own)) this.end(beside, entry.at, entry.success);
      this.end(own, entry.at, entry.success);
    }
    this.count(entry, own, session);
  }

  get changed(): {
    readonly sessions: readonly SessionRow[];
    readonly activities: readonly ActivityRow[];
    readonly entries: readonly (readonly [seq: number, sessionSeq: number])[];
  } {
    return {
      sessions: [...this.changedSessions],
      activities: [...this.changedActivities],
      entries: this.placed,
    };
  }

  private ofAgent(agentId: string): Map<number, ActivityRow> {
    let rows = this.activities.get(agentId);
    if (!rows) this.activities.set(agentId, (rows = new Map<number, ActivityRow>()));
    return rows;
  }

  private goingOn(agentId: string): ActivityRow[] {
    return [...this.ofAgent(agentId).values()].filter(({ state }) => state !== STATE.past);
  }

  private sessionFor({ seq, at }: FleetEntry, id: string): SessionRow {
    let row = this.sessions.get(id);
    if (!row) {
      row = {
        ...{ session_seq: seq, session_id: id, first_seen_at: at, last_seen_at: at, last_seq: seq },
        ...{ operation_seq: null, entries: 0, cost_micro: 0, tokens_used: 0 },
      };
      this.sessions.set(id, row);
    }
    return row;
  }

  private activityFor(entry: FleetEntry, sessionSeq: number): ActivityRow {
    const rows = this.ofAgent(entry.agentId);
    let row = rows.get(sessionSeq);
    if (!row) {
      row = {
        ...{ agent_id: entry.agentId, session_seq: sessionSeq },
        ...{ agent_name: entry.agentName, agent_role: entry.agentRole, state: STATE.past },
        ...{ first_seen_at: entry.at, started_seq: entry.seq, started_at: entry.at },
        ...{ activated_at: null, completed_at: null, success: null, seen_at: entry.at, idle_since: null },
        ...{ last_seq: entry.seq, operation_seq: null, entries: 0, cost_micro: 0, tokens_used: 0 },
        ...{ entries_before: 0, cost_micro_before: 0, tokens_used_before: 0 },
      };
      rows.set(sessionSeq, row);
    }
    return row;
  }

  private begin(row: ActivityRow, { seq, at }: FleetEntry, activated: boolean): void {
    row.state = STATE.active;
    row.started_seq = seq;
    row.started_at = at;
    row.activated_at = activated ? at : null;
    row.completed_at = null;
    row.success = null;
    row.idle_since = null;
    row.entries_before = row.entries;
    row.cost_micro_before = row.cost_micro;
    row.tokens_used_before = row.tokens_used;
  }

  /** A sign of life. */
  private see(row: ActivityRow, entry: FleetEntry): void {
    this.changedActivities.add(row);
    row.seen_at = Math.max(row.seen_at, entry.at);
    if (row.state === STATE.past) {
      const trails = row.completed_at !== null && entry.at <= row.completed_at + this.idleAfterMs;
      if (!trails) this.begin(row, entry, false);
    }
    row.state = row.state === STATE.past ? STATE.past : STATE.active;
    row.idle_since = null;
  }

  /**
   * What the agent was activated for elsewhere and goes on with this: for what it does in a session, what it was activated for
   * without one; for what it does in none, the last that it was activated for.
   */
  private beside(own: ActivityRow): ActivityRow | undefined {
    const rows = this.ofAgent(own.agent_id);
    if (own.session_seq !== NO_SESSION) {
      const free = rows.get(NO_SESSION);
      return free && isActivated(free) ? free : undefined;
    }
    let latest: ActivityRow | undefined;
    for (const row of rows.values())
      if (row !== own && isActivated(row) && (!latest || row.started_seq > latest.started_seq)) latest = row;
    return latest;
  }

  private end(row: ActivityRow, at: number, success: boolean | null): void {
    this.changedActivities.add(row);
    row.state = STATE.past;
    row.completed_at = at;
    row.success = success === null ? null : Number(success);
    row.idle_since = null;
  }

  private count(entry: FleetEntry, own: ActivityRow, session: SessionRow | null): void {
    const isAccount = entry.kind === 'account';
    own.agent_name = entry.agentName;
    own.agent_role = entry.agentRole;
    this.add(own, entry, isAccount);
    if (!session) return;
    session.last_seen_at = Math.max(session.last_seen_at, entry.at);
    this.add(session, entry, isAccount);
    this.place(entry, session);
  }

  private add(row: ActivityRow | SessionRow, entry: FleetEntry, isAccount: boolean): void {
    row.last_seq = entry.seq;
    if (!isAccount) row.operation_seq = entry.seq;
    row.entries += 1;
    row.cost_micro += entry.costMicro;
    row.tokens_used += entry.tokens;
  }

  /** An entry of a session that is no sign of life. */
  private note(entry: FleetEntry): void {
    const session = entry.sessionId === null ? null : this.sessions.get(entry.sessionId);
    if (session === undefined) return;
    const own = this.ofAgent(entry.agentId).get(session?.session_seq ?? NO_SESSION);
    if (own) {
      own.entries += 1;
      this.changedActivities.add(own);
    }
    if (!session) return;
    session.entries += 1;
    this.place(entry, session);
  }

  private place({ seq }: FleetEntry, session: SessionRow): void {
    this.changedSessions.add(session);
    this.placed.push([seq, session.session_seq]);
  }
}

/** It was activated, and that goes on. */
function isActivated(row: ActivityRow): boolean {
  return row.state !== STATE.past && row.activated_at !== null;
}
