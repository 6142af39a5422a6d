import { Injectable } from '@nestjs/common';
import { formatTime } from '#contract';
import { ValidationFailed } from '#kernel';
import { type Dialect, Reader, Where } from '#persistence';
import { DurationSketch } from './duration-sketch.js';
import { CONTRIBUTION_SQL, type MetricSums, PERIOD_SUMS, type UsageSums } from './metric-sums.js';
import { FLEET, KEY } from './rollup-buckets.js';
import { answerable, type Kept, MINUTE_MS, type Segment, segmentsOf, type TimeRange } from './time-range.js';

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

/** Sums over metrics, and what became of their execution times. */
export interface MetricFigures extends MetricSums, UsageSums {
  /** Microseconds; null where no metric holds one. */
  readonly executionTimeMin: number | null;
  readonly executionTimeMax: number | null;
  /** Empty unless quantiles were asked for. */
  readonly times: DurationSketch;
}

/** One line of an answer; `key` and `bucket` are null where the question does not tell these apart. */
export interface MetricGroup extends MetricFigures {
  readonly key: string | null;
  /** Its begin, milliseconds UTC. */
  readonly bucket: number | null;
}

export interface MetricAnswer {
  /** The range that was answered: wider than asked for where metrics are gone. */
  readonly range: TimeRange;
  readonly groups: readonly MetricGroup[];
}

type Row = Omit<MetricGroup, 'times'> & {
  built: number;
  raw_from: number;
  present: number | null;
  times: string | null;
};

/** SQLite's SUM fails beyond 64 bits, where its TOTAL goes on; PostgreSQL's SUM never does. */
const SUM: Readonly<Record<Dialect, (column: string) => string>> = {
  sqlite: (column) => `TOTAL(${column})`,
  postgres: (column) => `COALESCE(SUM(${column}), 0)`,
};
/** The same again, as SQLite's JSON has it with all digits: where that is exact, a whole number. */
const WHOLE: Readonly<Record<Dialect, (column: string) => string>> = {
  sqlite: (column) => `iif(g.${column} < 9e18, CAST(g.${column} AS INTEGER), g.${column}) AS ${column}`,
  postgres: (column) => `g.${column}`,
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

/** Answers over any range: whole buckets from the rows that were summed at the time, the edges from the metrics. */
@Injectable()
export class RollupsRepository {
  private kept: Kept = { built: true, rawFrom: 0 };
  private readonly columns: readonly string[];

  constructor(private readonly reader: Reader) {
    this.columns = [
      ...['state.built', 'state.raw_from', 'g.present', 'g.key', 'g.bucket'],
      ...PERIOD_SUMS.map(WHOLE[reader.dialect]),
      ...['g.min AS executionTimeMin', 'g.max AS executionTimeMax', 'g.times'],
    ];
  }

  /** @param limit of the groups. @throws StoreUnavailable, ValidationFailed for minutes that are gone */
  async answer(question: MetricQuestion, limit: number): Promise<MetricAnswer> {
    for (;;) {
      const { kept } = this;
      const range = answerable(question.range, kept);
      const rows = await this.ask({ ...question, range }, segmentsOf(range, kept, question.bucketMs), limit);
      // One statement sees one moment. What it says of that moment is what the range had to be cut by.
      const [{ built, raw_from } = { built: 1, raw_from: 0 }] = rows;
      if (Boolean(built) === kept.built && raw_from === kept.rawFrom) {
        if (range.from < raw_from && question.bucketMs === MINUTE_MS) throw minutesAreGone(raw_from);
        return { range, groups: rows.filter(({ present }) => present !== null).map(toGroup) };
      }
      this.kept = { built: Boolean(built), rawFrom: raw_from };
    }
  }

  private ask(question: MetricQuestion, segments: readonly Segment[], limit: number): Promise<Row[]> {
    const { dialect } = this.reader;
    const parts = segments.map((segment) => toPart(question, segment, dialect));
    if (parts.length === 0) parts.push({ sql: NOTHING, parameters: [] });
    const sums = PERIOD_SUMS.map((sum) => `${SUM[dialect](sum)} AS ${sum}`).join(', ');
    const times = question.quantiles ? JOINED[dialect] : 'NULL';
    const from = `FROM metric_rollup_state state LEFT JOIN (
        SELECT 1 AS present, key, bucket, ${sums}, MIN(min) AS min, MAX(max) AS max, ${times} AS times
        FROM (${parts.map((part) => part.sql).join(' UNION ALL ')}) parts
        GROUP BY key, bucket ORDER BY bucket, key LIMIT ?
      ) g ON TRUE ORDER BY g.bucket, g.key`;
    return this.reader.select<Row>(this.columns, from, [
      ...parts.flatMap(({ parameters }) => parameters),
      limit,
    ]);
  }
}

function minutesAreGone(rawFrom: number): ValidationFailed {
  const message = `must be an hour or a day for times before ${formatTime(rawFrom)}, whose minutes are gone`;
  return new ValidationFailed([{ path: 'bucket', message }]);
}

const NOTHING = `SELECT CAST(NULL AS TEXT) AS key, CAST(NULL AS BIGINT) AS bucket, ${PERIOD_SUMS.map((sum) => `0 AS ${sum}`).join(', ')},
  CAST(NULL AS BIGINT) AS min, CAST(NULL AS BIGINT) AS max, CAST(NULL AS TEXT) AS times WHERE FALSE`;

/** The rows of one segment, each with what it adds. */
function toPart(
  question: MetricQuestion,
  segment: Segment,
  dialect: Dialect,
): { sql: string; parameters: unknown[] } {
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

const toGroup = (row: Row): MetricGroup => ({ ...row, times: DurationSketch.merged(row.times) });

/** Many groups as one. */
export function together(groups: readonly MetricFigures[]): MetricFigures {
  const sums = Object.fromEntries(
    PERIOD_SUMS.map((sum) => [sum, groups.reduce((total, group) => total + group[sum], 0)]),
  ) as unknown as MetricSums & UsageSums;
  const times = new DurationSketch();
  for (const group of groups) times.merge(group.times);
  const mins = groups.flatMap(({ executionTimeMin }) => executionTimeMin ?? []);
  const maxs = groups.flatMap(({ executionTimeMax }) => executionTimeMax ?? []);
  return {
    ...sums,
    executionTimeMin: mins.length > 0 ? Math.min(...mins) : null,
    executionTimeMax: maxs.length > 0 ? Math.max(...maxs) : null,
    times,
  };
}
