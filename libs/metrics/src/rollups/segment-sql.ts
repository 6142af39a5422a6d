import { type Dialect, Where } from '#persistence';
import { CONTRIBUTION_SQL, PERIOD_SUMS } from './metric-sums.js';
import { FLEET, KEY } from './rollup-buckets.js';
import { bucketsOf, type Level } from './levels.js';
import type { TimeRange } from './time-range.js';

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

/** Whether it can be answered from spans: sums of all types together, agent by agent, of which there are no sketches. */
export function isTogether({ agentId, metricType, groupBy, quantiles }: MetricQuestion): boolean {
  return isOfAgents(groupBy) && agentId === undefined && metricType === undefined && !quantiles;
}

/** The columns of a row: of a level's group, or with `version` alone of what a level is made from. */
const COLUMNS = ['version', 'key', 'bucket', ...PERIOD_SUMS, 'min', 'max', 'times'] as const;
const TYPES: Readonly<Partial<Record<(typeof COLUMNS)[number], string>>> = { key: 'TEXT', times: 'TEXT' };
const NOTHING = COLUMNS.map((column) => `CAST(NULL AS ${TYPES[column] ?? 'BIGINT'}) AS ${column}`);

/** SQLite's SUM fails beyond 64 bits, where its TOTAL goes on; PostgreSQL's SUM never does. */
const SUM: Readonly<Record<Dialect, (column: string) => string>> = {
  sqlite: (column) => `TOTAL(${column})`,
  postgres: (column) => `COALESCE(SUM(${column}), 0)`,
};
const JOINED: Readonly<Record<Dialect, (column: string) => string>> = {
  sqlite: (column) => `group_concat(${column}, ';')`,
  postgres: (column) => `string_agg(${column}, ';')`,
};

/** What agents `a` are together in. */
const OF_AGENT: Readonly<Partial<Record<Group, string>>> = {
  role: 'a.role',
  category: 'a.metadata_category',
};

/** The sums of one level by group and bucket, `limit` of them. */
export function sumsSql(question: MetricQuestion, level: Level, limit: number, dialect: Dialect): Sql {
  const { groupBy, bucketMs } = question;
  const { from, key, time, columns, times, parameters } = rowsSql(question, level);
  const isBucket = level.parts.every((part) => part.bucketMs === bucketMs);
  const bucket = bucketMs === undefined ? null : isBucket ? time : `${time} - ${time} % ${bucketMs}`;
  const summed = (sources: Readonly<Record<string, string>>): string =>
    [
      ...PERIOD_SUMS.map((sum) => `${SUM[dialect](sources[sum] ?? sum)} AS ${sum}`),
      `MIN(${sources['min'] ?? 'min'}) AS min, MAX(${sources['max'] ?? 'max'}) AS max`,
      `${question.quantiles ? JOINED[dialect](sources['times'] ?? 'times') : 'CAST(NULL AS TEXT)'} AS times`,
    ].join(', ');
  const by = (...terms: (string | null)[]): string => {
    const given = terms.filter((term) => term !== null);
    return given.length === 0 ? '' : `GROUP BY ${given.join(', ')}`;
  };
  let sql = `SELECT ${key ?? 'CAST(NULL AS TEXT)'} AS key, ${bucket ?? 'CAST(NULL AS BIGINT)'} AS bucket,
    ${summed({ ...columns, times })} ${from} ${by(key, bucket)}`;
  const wider = groupBy && OF_AGENT[groupBy];
  if (wider)
    sql = `SELECT ${wider} AS key, bucket, ${summed({})} FROM (${sql}) g
      JOIN agent_identities a ON a.agent_id = g.key ${by(wider, 'bucket')}`;
  return {
    sql: `SELECT CAST(NULL AS BIGINT) AS version, g.* FROM (${sql} LIMIT ?) g`,
    parameters: [...parameters, limit],
  };
}

/**
 * A number that grows with all that may change the sums of a level of buckets: metrics are added to them and never taken
 * out, and whoever changes an agent's role or category counts its version up.
 */
export function versionSql(question: MetricQuestion, level: Level): Sql {
  const ofFleet = { ...question, groupBy: undefined, quantiles: false };
  const { from, parameters } = rowsSql(ofFleet, level.source === 'spans' ? bucketsOf(level) : level);
  const { groupBy } = question;
  const registry =
    groupBy === 'role' || groupBy === 'category' ? ' + (SELECT SUM(version) FROM agent_identities)' : '';
  return {
    sql: `SELECT (SELECT COALESCE(SUM(r.metrics), 0) ${from})${registry}, ${NOTHING.slice(1).join(', ')}`,
    parameters,
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

/** Where the rows of one level are, what tells their groups apart (agents, where these are wider), and what each adds. */
function rowsSql({ agentId, metricType, groupBy, quantiles }: MetricQuestion, level: Level) {
  const { table, time, columns, times } = ROWS[level.source];
  const ofAgents = isOfAgents(groupBy);
  const ofMetrics = level.source === 'metrics';
  // Buckets lie agent by agent, and SQLite reads them in this order: nothing has to be sorted. Spans and metrics lie one
  // time after the other.
  const byAgent = ofAgents && level.source === 'rollups';
  const where = new Where()
    .andAll('r.bucket_ms = span.bucket_ms', ofMetrics ? undefined : [])
    .and('r.agent_id = ?', ofAgents || ofMetrics ? agentId : (agentId ?? FLEET))
    .andAll('r.agent_id = a.agent_id', byAgent ? [] : undefined)
    .and('r.metric_type = ?', metricType)
    .andAll(`${time} >= span.first AND ${time} <= span.last`, []);
  const spans = `(${new Array(level.parts.length).fill(SPAN).join(' UNION ALL ')}) span`;
  const tables = [...(byAgent ? ['agent_identities a'] : []), spans, `${table} r`];
  return {
    from: `FROM ${tables.join(' CROSS JOIN ')} ${quantiles ? times.join : ''} ${where.sql}`,
    parameters: [
      // Rows that lie within it: runs of the same length may overlap.
      ...level.parts.flatMap(({ bucketMs, from, to }) => [bucketMs, from, to - (bucketMs ?? 1)]),
      ...where.parameters,
    ],
    key: byAgent ? 'a.agent_id' : ofAgents ? 'r.agent_id' : groupBy ? 'r.metric_type' : null,
    ...{ time, columns, times: times.column },
  };
}

/** Whether groups are told apart by something of the agents. */
function isOfAgents(groupBy: Group | undefined): boolean {
  return groupBy !== undefined && groupBy !== 'metric_type';
}

const SPAN = `SELECT ${['bucket_ms', 'first', 'last'].map((name) => `CAST(? AS BIGINT) AS ${name}`).join(', ')}`;
const ROLLED_UP = {
  table: 'metric_rollups',
  time: 'r.bucket',
  columns: {
    ...Object.fromEntries(PERIOD_SUMS.map((sum) => [sum, `r.${sum}`])),
    ...{ min: 'r.execution_time_min', max: 'r.execution_time_max' },
  },
  times: {
    column: 's.execution_times',
    join: `LEFT JOIN metric_sketches s ON ${KEY.map((column) => `s.${column} = r.${column}`).join(' AND ')}`,
  },
};
const METRICS = {
  table: 'agent_metrics',
  time: 'r.recorded_at',
  columns: { ...CONTRIBUTION_SQL, min: 'r.execution_time_us', max: 'r.execution_time_us' },
  times: { column: 'CAST(r.execution_time_us AS TEXT)', join: '' },
};
const ROWS = {
  metrics: METRICS,
  rollups: ROLLED_UP,
  spans: { ...ROLLED_UP, table: 'metric_spans' },
} as const;
