import { type Dialect, Where } from '#persistence';
import { CONTRIBUTION_SQL, PERIOD_SUMS } from './metric-sums.js';
import { FLEET, KEY } from './rollup-buckets.js';
import type { Segment, TimeRange } from './time-range.js';

export const GROUPS = ['agent', 'role', 'category', 'metric_type'] as const;
export type Group = (typeof GROUPS)[number];

/** What is asked of the metrics. */
export interface MetricQuestion {
  readonly range: TimeRange;
  readonly agentId?: string | undefined;
  readonly metricType?: string | undefined;
  /** By what the agents are now. */
  readonly groupBy?: Group | undefined;
  /** Length of the buckets to be told apart, milliseconds. */
  readonly bucketMs?: number | undefined;
  /** Whether quantiles will be asked of the answer. */
  readonly quantiles?: boolean;
}

export interface Sql {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** The columns of a row: of a segment's group, or with `version` alone of what a segment is made from. */
const COLUMNS = ['version', 'key', 'bucket', ...PERIOD_SUMS, 'min', 'max', 'times'] as const;
const TYPES: Readonly<Partial<Record<(typeof COLUMNS)[number], string>>> = { key: 'TEXT', times: 'TEXT' };
const NOTHING = COLUMNS.map((column) => `CAST(NULL AS ${TYPES[column] ?? 'BIGINT'}) AS ${column}`);

/** SQLite's SUM fails beyond 64 bits, where its TOTAL goes on; PostgreSQL's SUM never does. */
const SUM: Readonly<Record<Dialect, (column: string) => string>> = {
  sqlite: (column) => `TOTAL(${column})`,
  postgres: (column) => `COALESCE(SUM(${column}), 0)`,
};
const JOINED: Readonly<Record<Dialect, string>> = {
  sqlite: `group_concat(times, ';')`,
  postgres: `string_agg(times, ';')`,
};

/** What groups are told apart by, of an agent `a` and a row `r`. */
const KEYS: Readonly<Record<Group, string>> = {
  agent: 'a.agent_id',
  role: 'a.role',
  category: 'a.metadata_category',
  metric_type: 'r.metric_type',
};

/** The sums of one segment by group and bucket, `limit` of them. */
export function sumsSql(question: MetricQuestion, segment: Segment, limit: number, dialect: Dialect): Sql {
  const { sql, parameters } = rowsSql(question, segment, dialect);
  const sums = PERIOD_SUMS.map((sum) => SUM[dialect](sum)).join(', ');
  const times = question.quantiles ? JOINED[dialect] : 'CAST(NULL AS TEXT)';
  return {
    sql: `SELECT CAST(NULL AS BIGINT), key, bucket, ${sums}, MIN(min), MAX(max), ${times}
      FROM (${sql}) r GROUP BY key, bucket LIMIT ?`,
    parameters: [...parameters, limit],
  };
}

/**
 * A number that grows with all that may change the sums of a segment of buckets: metrics are added to them and never taken
 * out, and whoever changes an agent's role or category counts its version up.
 */
export function versionSql({ agentId, metricType, groupBy }: MetricQuestion, segment: Segment): Sql {
  const where = new Where()
    .and('bucket_ms = ?', segment.bucketMs)
    .and('agent_id = ?', agentId ?? FLEET)
    .and('bucket >= ?', segment.from)
    .and('bucket < ?', segment.to)
    .and('metric_type = ?', metricType);
  const registry =
    groupBy === 'role' || groupBy === 'category' ? ' + (SELECT SUM(version) FROM agent_identities)' : '';
  return {
    sql: `SELECT (SELECT COALESCE(SUM(metrics), 0) FROM metric_rollups ${where.sql})${registry},
      ${NOTHING.slice(1).join(', ')}`,
    parameters: where.parameters,
  };
}

/** The rows of all parts; `part` is the index of each, from 0. */
export function unionOf(parts: readonly Sql[]): Sql {
  const selected = parts.map(({ sql }, part) => `SELECT ${part} AS part, p.* FROM (${sql}) p`);
  return {
    sql: [`SELECT -1 AS part, ${NOTHING.join(', ')} WHERE FALSE`, ...selected].join(' UNION ALL '),
    parameters: parts.flatMap(({ parameters }) => parameters),
  };
}

/** The rows of one segment, each with what it adds. */
function rowsSql(question: MetricQuestion, segment: Segment, dialect: Dialect): Sql {
  const { agentId, metricType, groupBy, bucketMs } = question;
  const byAgent = groupBy !== undefined && groupBy !== 'metric_type';
  const { table, time, columns, times } = segment.bucketMs === null ? RAW : ROLLED_UP;
  const where = new Where();
  if (segment.bucketMs !== null) {
    where.and('r.bucket_ms = ?', segment.bucketMs);
    if (!byAgent) where.and('r.agent_id = ?', agentId ?? FLEET);
  }
  if (agentId !== undefined && (byAgent || segment.bucketMs === null)) where.and('r.agent_id = ?', agentId);
  where.and(`${time} >= ?`, segment.from).and(`${time} < ?`, segment.to).and('r.metric_type = ?', metricType);
  const key = groupBy === undefined ? 'CAST(NULL AS TEXT)' : KEYS[groupBy];
  const bucket = bucketMs === undefined ? 'CAST(NULL AS BIGINT)' : `${time} - ${time} % ${bucketMs}`;
  const join = dialect === 'sqlite' ? 'CROSS JOIN' : 'JOIN';
  const rows = byAgent ? `agent_identities a ${join} ${table} r ON r.agent_id = a.agent_id` : `${table} r`;
  const { column: timesOf, join: joinTimes } = question.quantiles ? times : NO_TIMES;
  return {
    sql: `SELECT ${key} AS key, ${bucket} AS bucket, ${columns}, ${timesOf} AS times
      FROM ${rows} ${joinTimes} ${where.sql}`,
    parameters: where.parameters,
  };
}

const NO_TIMES = { column: 'CAST(NULL AS TEXT)', join: '' };
const ROLLED_UP = {
  table: 'metric_rollups',
  time: 'r.bucket',
  columns: `${PERIOD_SUMS.map((sum) => `r.${sum}`).join(', ')}, r.execution_time_min AS min,
    r.execution_time_max AS max`,
  times: {
    column: 's.execution_times',
    join: `LEFT JOIN metric_sketches s ON ${KEY.map((column) => `s.${column} = r.${column}`).join(' AND ')}`,
  },
};
const RAW = {
  table: 'agent_metrics',
  time: 'r.recorded_at',
  columns: `${PERIOD_SUMS.map((sum) => `${CONTRIBUTION_SQL[sum]} AS ${sum}`).join(', ')}, r.execution_time_us AS min,
    r.execution_time_us AS max`,
  times: { column: 'CAST(r.execution_time_us AS TEXT)', join: '' },
};
