import { EnumField, IntegerField, parseTime, TextField, TimeField } from '#contract';
import { ValidationFailed } from '#kernel';
import { GROUPS, type Group } from '../rollups/segment-sql.js';
import {
  ceilTo,
  DAY_MS,
  floorTo,
  MINUTE_MS,
  type Resolution,
  RESOLUTIONS,
  type TimeRange,
} from '../rollups/time-range.js';
import { METRIC_TYPES } from './create-metric.request.js';
import { MAX_AHEAD_MS } from '../metric-times.js';

const DEFAULT_DAYS = 7;
const BUCKETS = Object.keys(RESOLUTIONS) as Resolution[];
const PERCENTILES = /^\d{1,2}(\.\d{1,3})?(,\d{1,2}(\.\d{1,3})?){0,9}$/;
/** `2026-01-05T00:00:00Z`, or nothing at all. */
const time = (text: string | undefined) => (text === undefined ? null : parseTime(text));

/** Whose metrics, and how many days back. */
export class MetricPeriodQuery {
  @TextField({ description: 'UUID or name of an agent.', example: 'coder' })
  agent_id?: string;

  @IntegerField({
    description: 'How many days back, from a whole minute on; 7 unless dates are given.',
    default: DEFAULT_DAYS,
    example: 7,
    min: 1,
    max: 90,
  })
  days?: number;

  /** The last `days` days, up to what clocks that go fast may have recorded. */
  range(now: number): TimeRange {
    const from = floorTo(now - (this.days ?? DEFAULT_DAYS) * DAY_MS, MINUTE_MS);
    return { from, to: ceilTo(now + MAX_AHEAD_MS + 1, MINUTE_MS) };
  }

  /** Days. */
  length(): number {
    return this.days ?? DEFAULT_DAYS;
  }
}

/** The same, or between two times. */
export class MetricRangeQuery extends MetricPeriodQuery {
  @EnumField(METRIC_TYPES, { description: 'Only this type.', example: 'execution' })
  metric_type?: string;

  @TimeField({
    description: 'From this time on, ISO 8601, in place of `days`; without an offset it is UTC.',
    example: '2026-01-05T00:00:00Z',
  })
  start_date?: string;

  @TimeField({
    description: 'Before this time, ISO 8601; now, where only `start_date` is given.',
    example: '2026-01-06T00:00:00Z',
  })
  end_date?: string;

  /** @throws ValidationFailed for days beside dates, and for dates that hold no time up to now between them. */
  override range(now: number): TimeRange {
    const { from, end } = { from: time(this.start_date), end: time(this.end_date) };
    if (from === null && end === null) return super.range(now);
    if (this.days !== undefined) refuse('days', 'must not stand beside dates');
    if (from === null) refuse('start_date', 'is required beside end_date');
    const last = super.range(now).to;
    const to = Math.min(end ?? last, last);
    if (from >= to) refuse('start_date', 'must be before end_date and not in the future');
    return { from, to };
  }

  /** @param range as it was answered. */
  override length(range?: TimeRange): number {
    return range && this.start_date !== undefined ? (range.to - range.from) / DAY_MS : super.length();
  }
}

/** With percentiles of the execution time. */
export class MetricPercentilesQuery extends MetricRangeQuery {
  @TextField({
    description: 'Percentiles of the execution time, up to ten between commas; each is within 1 %.',
    example: '50,95,99',
    pattern: PERCENTILES,
    patternMessage: 'must be up to ten numbers of 0–99.999 between commas',
  })
  percentiles?: string;

  /** Without repetitions, as they were written. */
  percentileList(): string[] {
    return [...new Set(this.percentiles?.split(',') ?? [])];
  }
}

export class MetricAggregateQuery extends MetricPercentilesQuery {
  @EnumField(GROUPS, {
    description: 'A sum for each, in `groups`; roles and categories are those that agents have now.',
    example: 'role',
  })
  group_by?: Group;

  @EnumField(BUCKETS, {
    description: 'A sum for each minute, hour or day of UTC in which there is something, in `groups`.',
    example: 'day',
  })
  bucket?: Resolution;
}

export class MetricTimeseriesQuery extends MetricPercentilesQuery {
  @EnumField(BUCKETS, {
    description: 'Length of a point: a minute, hour or day of UTC; 1,500 points at the most.',
    default: 'hour',
    example: 'hour',
  })
  bucket?: Resolution;
}

export const RANKINGS = ['cost', 'tokens', 'failures', 'latency'] as const;
export type Ranking = (typeof RANKINGS)[number];

export class MetricLeaderboardQuery extends MetricRangeQuery {
  @EnumField(RANKINGS, {
    description: 'What agents are ranked by, the highest first; `latency` is the mean execution time.',
    default: 'cost',
    example: 'cost',
  })
  by?: Ranking;

  @IntegerField({ description: 'How many agents at the most.', default: 10, example: 10, min: 1, max: 100 })
  limit?: number;
}

function refuse(path: string, message: string): never {
  throw new ValidationFailed([{ path, message }]);
}
