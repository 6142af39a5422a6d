import { Injectable } from '@nestjs/common';
import { seqBounds } from '#audit';
import { type Page, type PageOf, pageOf } from '#contract';
import { Reader, Where } from '#persistence';
import { STATE } from './fleet-rows.js';

/** What an agent, or a session, did last; all null once that has left the log. */
export interface LastOperation {
  readonly operation_seq: number | null;
  readonly operation_type: string | null;
  readonly operation_detail: string | null;
  readonly target_resource: string | null;
  readonly operation_at: number | null;
  readonly erased: number | null;
}

/** Amounts as they were charged: micro-USD, tokens. */
interface Amounts {
  readonly entries: number;
  readonly cost_micro: number;
  readonly tokens_used: number;
}

/** What an agent does, in a session or in none. Times in milliseconds UTC. */
export interface ShownActivity extends Amounts, LastOperation {
  readonly started_seq: number;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly agent_role: string;
  /** Of the registry as it is. */
  readonly category: string | null;
  readonly session_id: string | null;
  readonly state: number;
  readonly started_at: number;
  readonly activated_at: number | null;
  readonly completed_at: number | null;
  readonly success: number | null;
  readonly seen_at: number;
}

export interface ShownSession extends Amounts, LastOperation {
  readonly session_seq: number;
  readonly session_id: string;
  readonly first_seen_at: number;
  readonly last_seen_at: number;
  readonly last_seq: number;
  readonly agents: number;
  readonly active_agents: number;
}

export interface ActiveFilter {
  readonly agentId?: string | undefined;
  readonly role?: string | undefined;
  readonly category?: string | undefined;
  readonly sessionId?: string | null;
  readonly status?: 'active' | 'idle' | undefined;
  /** Who gave no sign of life since then is silent, milliseconds UTC. */
  readonly silentSince: number;
}

export interface SessionFilter {
  /** Only sessions in which this agent acted. */
  readonly agentId?: string | undefined;
  /** Only that agent's part of them is told. */
  readonly own: boolean;
  readonly active?: boolean | undefined;
  /** Something happened in them then or later, milliseconds UTC. */
  readonly since?: number | null;
  readonly silentSince: number;
}

const LAST_OPERATION = [
  ...['l.seq AS operation_seq', 'l.operation_type', 'l.operation_detail', 'l.target_resource'],
  'l.recorded_at AS operation_at',
  'CASE WHEN l.seq IS NULL THEN NULL WHEN l.text_salt IS NULL THEN 1 ELSE 0 END AS erased',
];
const AMOUNTS = ['entries', 'cost_micro', 'tokens_used'] as const;
const ACTIVITY = [
  ...['a.started_seq', 'a.agent_id', 'a.agent_name', 'a.agent_role', 'i.metadata_category AS category'],
  ...[
    's.session_id',
    'a.state',
    'a.started_at',
    'a.activated_at',
    'a.completed_at',
    'a.success',
    'a.seen_at',
  ],
  ...LAST_OPERATION,
];
/** Of this activation alone, */
const SINCE_STARTED = AMOUNTS.map((name) => `a.${name} - a.${name}_before AS ${name}`);
/** and of all in the session. */
const IN_SESSION = AMOUNTS.map((name) => `a.${name}`);
const ACTIVITY_FROM = `FROM fleet_activities a
  LEFT JOIN fleet_sessions s ON s.session_seq = a.session_seq
  LEFT JOIN agent_identities i ON i.agent_id = a.agent_id AND i.retired_at IS NULL
  LEFT JOIN agent_audit_log l ON l.seq = a.operation_seq`;
/** It goes on: it was activated and not completed, or what it sent is no older than this one parameter. */
const goesOn = (activity: string): string =>
  `${activity}.state > ${STATE.past} AND (${activity}.activated_at IS NOT NULL OR ${activity}.seen_at > ?)`;
const BOUND = seqBounds('agent_audit_log', 's.last_seq').from;

/** What is active and what sessions hold, as far as the log was followed. Details are read from the log itself. */
@Injectable()
export class FleetReadModel {
  constructor(private readonly reader: Reader) {}

  /** What goes on, newest begun first. */
  async findActive(filter: ActiveFilter, { skip, limit, after }: Page): Promise<PageOf<ShownActivity>> {
    const { silentSince, status } = filter;
    const where = new Where()
      .andAll(goesOn('a'), [silentSince])
      .and('a.agent_id = ?', filter.agentId)
      .and('a.agent_role = ?', filter.role)
      .and('i.metadata_category = ?', filter.category)
      .and('s.session_id = ?', filter.sessionId)
      .and('a.seen_at > ?', status === 'active' ? silentSince : null)
      .and('a.seen_at <= ?', status === 'idle' ? silentSince : null)
      .andAll('a.started_seq < ?', after);
    const rows = await this.reader.select<ShownActivity>(
      [...ACTIVITY, ...SINCE_STARTED],
      `${ACTIVITY_FROM} ${where.sql} ORDER BY a.started_seq DESC LIMIT ? OFFSET ?`,
      [...where.parameters, limit + 1, skip],
    );
    return pageOf(rows, limit, (row) => [row.started_seq]);
  }

  /** Newest sign of life first; with an agent, of that agent. */
  async findSessions(filter: SessionFilter, { skip, limit, after }: Page): Promise<PageOf<ShownSession>> {
    const { agentId, active, since, silentSince } = filter;
    const part = agentId === undefined ? 's' : 'a';
    const where = new Where()
      .and('a.agent_id = ?', agentId)
      .and(BOUND.sql, since == null ? null : BOUND.parameter(since))
      .and(part === 'a' ? 'a.seen_at >= ?' : 's.last_seen_at >= ?', since)
      .andAll(
        `s.session_seq ${active ? '' : 'NOT'} IN (SELECT x.session_seq FROM fleet_activities x WHERE ${goesOn('x')}
          ${filter.own ? 'AND x.agent_id = ?' : ''})`,
        active === undefined ? undefined : [silentSince, ...(filter.own ? [agentId] : [])],
      )
      .andAll(`${part}.last_seq < ?`, after);
    const rows = await this.reader.select<ShownSession>(
      [...sessionColumns(filter.own), `${part}.last_seq`],
      `${sessionFrom(part, filter.own)} ${where.sql} ORDER BY ${part}.last_seq DESC LIMIT ? OFFSET ?`,
      [silentSince, ...where.parameters, limit + 1, skip],
    );
    return pageOf(rows, limit, (row) => [row.last_seq]);
  }

  /** @param own tells only this agent's part; undefined for all. */
  async findSession(
    sessionId: string,
    own: string | undefined,
    silentSince: number,
  ): Promise<ShownSession | null> {
    const where = new Where().and('s.session_id = ?', sessionId).and('a.agent_id = ?', own);
    const isOwn = own !== undefined;
    const [row] = await this.reader.select<ShownSession>(
      [...sessionColumns(isOwn), 's.last_seq'],
      `${sessionFrom(isOwn ? 'a' : 's', isOwn)} ${where.sql}`,
      [silentSince, ...where.parameters],
    );
    return row ?? null;
  }

  /** The agents of a session, newest sign of life first. */
  findAgents(sessionSeq: number, own: string | undefined, limit: number): Promise<ShownActivity[]> {
    const where = new Where().and('a.session_seq = ?', sessionSeq).and('a.agent_id = ?', own);
    return this.reader.select<ShownActivity>(
      [...ACTIVITY, ...IN_SESSION],
      `${ACTIVITY_FROM} ${where.sql} ORDER BY a.last_seq DESC LIMIT ?`,
      [...where.parameters, limit],
    );
  }
}

/** The first parameter is the moment since which who gave no sign of life is silent. */
function sessionColumns(own: boolean): string[] {
  const part = own ? 'a' : 's';
  return [
    ...['s.session_seq', 's.session_id', `${part}.first_seen_at`],
    ...[own ? 'a.seen_at AS last_seen_at' : 's.last_seen_at'],
    ...LAST_OPERATION,
    ...AMOUNTS.map((name) => `${part}.${name}`),
    `(SELECT COUNT(*) FROM fleet_activities x WHERE x.session_seq = s.session_seq AND ${goesOn('x')}
      ${own ? 'AND x.agent_id = a.agent_id' : ''}) AS active_agents`,
    own
      ? '1 AS agents'
      : '(SELECT COUNT(*) FROM fleet_activities x WHERE x.session_seq = s.session_seq) AS agents',
  ];
}

function sessionFrom(part: 's' | 'a', own: boolean): string {
  const agents = part === 'a' ? 'JOIN fleet_activities a ON a.session_seq = s.session_seq' : '';
  return `FROM fleet_sessions s ${agents} LEFT JOIN agent_audit_log l ON l.seq = ${own ? 'a' : 's'}.operation_seq`;
}
