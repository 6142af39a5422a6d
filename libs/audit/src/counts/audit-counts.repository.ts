import { Injectable } from '@nestjs/common';
import type { RecordedEvent, TransactionContext } from '#kernel';
import { type Dialect, Reader, storeOf, Where } from '#persistence';

/** What the log is counted by. */
export const COUNTED = { decision: 'rbac_decision', type: 'operation_type', role: 'agent_role' } as const;
type Kind = keyof typeof COUNTED | 'agent';

export const COUNT_GROUPS = ['day', 'decision', 'type', 'role', 'agent'] as const;
export type CountGroup = (typeof COUNT_GROUPS)[number];

const DAY_MS = 86_400_000;
/** The scope of all agents, and the day of all days. */
const EVERYBODY = '';
const ALWAYS = -1;
/** Which day an entry is of. */
const DAY = `recorded_at - recorded_at % ${DAY_MS}`;
const MARK = `(SELECT seq FROM log_followers WHERE name = 'counts')`;

export interface CountQuestion {
  /** Only this agent's entries. */
  readonly agentId?: string | undefined;
  /** Whole days of UTC, milliseconds; all time where it is missing. */
  readonly days?: { readonly from: number; readonly to: number } | undefined;
  readonly groupBy?: CountGroup | undefined;
}

/** What is counted of an entry. */
export type CountedEntry = Pick<
  RecordedEvent,
  'agentId' | 'agentRole' | 'operationType' | 'rbacDecision' | 'recordedAt'
>;

export interface CountRow {
  /** What `value` is; `day` in milliseconds UTC. */
  readonly kind: CountGroup;
  readonly value: string;
  readonly entries: number;
}

/** A part of the log, grouped by all that it is counted by, before anything is told apart. */
const grouped = (where: string, entries = 'COUNT(*)'): string =>
  `SELECT agent_id, ${DAY} AS day, rbac_decision, operation_type, agent_role, ${entries} AS entries
   FROM agent_audit_log ${where}
   GROUP BY agent_id, ${DAY}, rbac_decision, operation_type, agent_role`;

/** Each of `kinds` with its values, out of what is grouped so. */
const kindsOf = (table: string, scope: string, day: string, kinds: readonly Kind[]): string =>
  kinds
    .map((kind) => {
      const column = kind === 'agent' ? 'agent_id' : COUNTED[kind];
      return `SELECT ${scope} AS scope, ${day} AS day, '${kind}' AS kind, ${column} AS value, entries FROM ${table}`;
    })
    .join(' UNION ALL ');

const KINDS = Object.keys(COUNTED) as Kind[];
const ALL_KINDS: readonly Kind[] = [...KINDS, 'agent'];
/** For everybody and for their agent, for all time and for their day, of a slice that is grouped so. */
const add = (slice: string): string => `INSERT INTO audit_counts (scope, day, kind, value, entries)
  WITH slice AS MATERIALIZED (${slice}),
  counted AS (${[
    kindsOf('slice', `'${EVERYBODY}'`, 'day', ALL_KINDS),
    kindsOf('slice', `'${EVERYBODY}'`, `${ALWAYS}`, ALL_KINDS),
    kindsOf('slice', 'agent_id', 'day', ALL_KINDS),
    kindsOf('slice', 'agent_id', `${ALWAYS}`, ALL_KINDS),
  ].join(' UNION ALL ')})
  SELECT scope, day, kind, value, SUM(entries) FROM counted WHERE true GROUP BY scope, day, kind, value
  ON CONFLICT (scope, day, kind, value) DO UPDATE SET entries = audit_counts.entries + excluded.entries`;
/** Out of a JSON list of groups. */
const ADD: Readonly<Record<Dialect, string>> = {
  sqlite: add(`SELECT value ->> 0 AS agent_id, value ->> 1 AS day, value ->> 2 AS rbac_decision,
    value ->> 3 AS operation_type, value ->> 4 AS agent_role, value ->> 5 AS entries FROM jsonb_each(?)`),
  postgres:
    add(`SELECT value ->> 0 AS agent_id, CAST(value ->> 1 AS BIGINT) AS day, value ->> 2 AS rbac_decision,
    value ->> 3 AS operation_type, value ->> 4 AS agent_role, CAST(value ->> 5 AS BIGINT) AS entries
    FROM jsonb_array_elements(CAST(? AS jsonb)) AS each(value)`),
};
const SUBTRACT = add(grouped('WHERE seq > ? AND seq <= ?', '-COUNT(*)'));
/** Rows that count what has gone stay until they are cleared up. */
const NOT_EMPTY = 'HAVING SUM(entries) > 0';

/**
 * Counts of the log, exact at any moment: those that are kept, which follow the log after its commits, and beside them
 * the entries that these have not come to.
 */
@Injectable()
export class AuditCountsRepository {
  constructor(private readonly reader: Reader) {}

  async count({ agentId, days, groupBy }: CountQuestion): Promise<CountRow[]> {
    const behind = new Where().andAll(`seq > ${MARK}`, []).and('agent_id = ?', agentId);
    behind.and('recorded_at >= ?', days?.from).and('recorded_at < ?', days?.to);
    const kept = new Where().and('scope = ?', agentId ?? EVERYBODY);
    if (days) kept.and('day >= ?', days.from).and('day < ?', days.to);
    else kept.andAll(groupBy === 'day' ? 'day >= 0' : `day = ${ALWAYS}`, []);
    const kinds = groupBy === 'agent' ? ALL_KINDS : KINDS;
    kept.andAll(`kind IN (${kinds.map((kind) => `'${kind}'`).join(', ')})`, []);
    // One statement sees one moment of both.
    return this.reader.query<CountRow>(
      `WITH tail AS (${grouped(behind.sql)}),
       counted AS (
         SELECT scope, day, kind, value, entries FROM audit_counts ${kept.sql}
         UNION ALL ${kindsOf('tail', `''`, 'day', kinds)}
       )
       SELECT kind, value, SUM(entries) AS entries FROM counted GROUP BY kind, value ${NOT_EMPTY}
       ${groupBy === 'day' ? `UNION ALL SELECT 'day', CAST(day AS TEXT), SUM(entries) FROM counted WHERE kind = 'decision' GROUP BY day ${NOT_EMPTY}` : ''}`,
      [...behind.parameters, ...kept.parameters],
    );
  }

  /** Counts entries. */
  async add(ctx: TransactionContext, entries: readonly CountedEntry[]): Promise<void> {
    const store = storeOf(ctx);
    await store.query(ADD[store.dialect], [JSON.stringify(groupsOf(entries))]);
  }

  /** Takes counted entries out, before they go themselves, within their transaction. @param after the entry before the first. */
  async forget(ctx: TransactionContext, after: number, to: number): Promise<void> {
    await storeOf(ctx).query(SUBTRACT, [after, to]);
  }

  /** Removes the rows that count nothing any more, within a transaction: once for many entries, since it looks at all rows. */
  async clearUp(ctx: TransactionContext): Promise<void> {
    await storeOf(ctx).query('DELETE FROM audit_counts WHERE entries = 0');
  }
}

type Group = [agentId: string, day: number, decision: string, type: string, role: string, entries: number];

/** Entries grouped by all that they are counted by. */
function groupsOf(entries: readonly CountedEntry[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { agentId, recordedAt, rbacDecision, operationType, agentRole } of entries) {
    const day = recordedAt - (recordedAt % DAY_MS);
    // No name holds a NUL.
    const key = `${day}\0${agentId}\0${rbacDecision}\0${operationType}\0${agentRole}`;
    const group = groups.get(key);
    if (group) group[5] += 1;
    else groups.set(key, [agentId, day, rbacDecision, operationType, agentRole, 1]);
  }
  return [...groups.values()];
}
