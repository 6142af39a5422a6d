import { type Dialect, Where } from '#persistence';
import { CONTRIBUTION_SQL, PERIOD_SUMS } from './metric-sums.js';
import { FLEET, KEY } from './rollup-buckets.js';
import type { Level, TimeRange } from './time-range.js';

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

/** Whether it can be answered from sums of all types together, of which there are no sketches. */
export function isTogether({ metricType, groupBy, quantiles }: MetricQuestion): boolean {
  return metricType === undefined && groupBy !== 'metric_type' && !quantiles;
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

/** What groups are told apart by, of an agent `a` and a row `r`. */
const KEYS: Readonly<Record<Group, string>> = {
  agent: 'a.agent_id',
  role: 'a.role',
  category: 'a.metadata_category',
  metric_type: 'r.metric_type',
};

/** The sums of one level by group and bucket, `limit` of them. */
export function sumsSql(question: MetricQuestion, level: Level, limit: number, dialect: Dialect): Sql {
  const { groupBy, bucketMs } = question;
  const { from, time, columns, times, parameters } = rowsSql(question, level);
  const bucket =
    bucketMs === undefined ? null : level.bucketMs === bucketMs ? time : `${time} - ${time} % ${bucketMs}`;
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
  // By agent first, also where groups are wider: agents are gone through in order, and so nothing has to be sorted.
  const agent = isOfAgents(groupBy) ? KEYS.agent : null;
  const key = groupBy === undefined ? null : KEYS[groupBy];
  let sql = `SELECT ${key ?? 'CAST(NULL AS TEXT)'} AS key, ${bucket ?? 'CAST(NULL AS BIGINT)'} AS bucket,
    ${summed({ ...columns, times })} ${from} ${by(agent ?? key, bucket)}`;
  if (agent !== null && key !== agent) {
    sql = `SELECT key, bucket, ${summed({})} FROM (${sql}) g ${by('key', 'bucket')}`;
  }
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
  const { from, parameters } = rowsSql({ ...question, groupBy: undefined, quantiles: false }, level);
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

/** Where the rows of one level are, and what each adds. */
function rowsSql({ agentId, metricType, groupBy, quantiles }: MetricQuestion, level: Level) {
  const { table, time, columns, times } = ROWS[level.source];
  const ofAgents = isOfAgents(groupBy);
  const where = new Where()
    .and('r.bucket_ms = ?', level.bucketMs)
    .and('r.agent_id = ?', ofAgents || level.bucketMs === null ? agentId : (agentId ?? FLEET))
    .and('r.metric_type = ?', metricType)
    .andAll(`${time} >= span.start AND ${time} < span.finish`, []);
  if (ofAgents) where.andAll('r.agent_id = a.agent_id', []);
  const ranges = level.ranges.map(() => 'SELECT CAST(? AS BIGINT) AS start, CAST(? AS BIGINT) AS finish');
  const tables = [`(${ranges.join(' UNION ALL ')}) span`, `${table} r`];
  // SQLite reads them in this order: buckets lie agent by agent, metrics one after the other.
  if (ofAgents) tables.splice(level.bucketMs === null ? 2 : 0, 0, 'agent_identities a');
  return {
    from: `FROM ${tables.join(' CROSS JOIN ')} ${quantiles ? times.join : ''} ${where.sql}`,
    parameters: [...level.ranges.flatMap(({ from, to }) => [from, to]), ...where.parameters],
    ...{ time, columns, times: times.column },
  };
}

/** Whether groups are told apart by something of the agents. */
function isOfAgents(groupBy: Group | undefined): boolean {
  return groupBy !== undefined && groupBy !== 'metric_type';
}

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
