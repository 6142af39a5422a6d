import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { fromMicros, fromMicroUsd } from '#kernel';
import type { MetricFigures } from '../rollups/metric-figures.js';
import type { TimeRange } from '../rollups/time-range.js';
import { meanQuality, meanTime, successRate } from './means.js';

const number = (description: string, example: number) => ({ description, example });
const integer = (description: string, example: number) => ({
  ...number(description, example),
  type: 'integer' as const,
});
const moment = (description: string, example: string) => ({ description, example, format: 'date-time' });

/** The time that was summed up. */
export class MetricRangeResponse {
  @ApiProperty(moment('From here on.', '2026-01-05T00:00:00.000Z'))
  start!: string;
  @ApiProperty(moment('Before this.', '2026-01-06T00:00:00.000Z'))
  end!: string;
  @ApiProperty({
    description: 'Whether an edge was moved outwards to the whole hour, because the metrics there are gone.',
    example: false,
  })
  widened!: boolean;
}

/** What some metrics come to. */
export class MetricFiguresResponse {
  @ApiProperty(integer('Metrics.', 12))
  count!: number;
  @ApiProperty(number('Mean of those that hold one, milliseconds; 0 where none does.', 1200))
  avg_execution_time_ms!: number;
  @ApiProperty({ ...number('The shortest, milliseconds.', 310), type: Number, nullable: true })
  min_execution_time_ms!: number | null;
  @ApiProperty({ ...number('The longest, milliseconds.', 4100), type: Number, nullable: true })
  max_execution_time_ms!: number | null;
  @ApiPropertyOptional({
    description:
      'Milliseconds by the percentiles that were asked for, each within 1 %; null where no metric holds one.',
    type: 'object',
    additionalProperties: { type: 'number', nullable: true },
    example: { 50: 1100, 95: 3800 },
  })
  execution_time_percentiles_ms?: Record<string, number | null>;
  @ApiProperty(number('Successes among those that say, 0–1.', 0.9))
  success_rate!: number;
  @ApiProperty(integer('How many say that they failed.', 1))
  failures!: number;
  @ApiProperty(number('Sum, USD.', 1.25))
  total_cost_usd!: number;
  @ApiProperty(integer('Sum, tokens.', 60000))
  total_tokens_used!: number;
  @ApiProperty(integer('Sum, API calls.', 30))
  total_api_calls!: number;
  @ApiProperty(number('Mean of those that hold one, 0–1; 0 where none does.', 0.87))
  avg_quality_score!: number;
}

export class MetricGroupResponse extends MetricFiguresResponse {
  @ApiProperty({
    description: 'The agent, role, category or type; null without `group_by`.',
    type: String,
    nullable: true,
    example: 'developer',
  })
  key!: string | null;
  @ApiProperty({
    description: 'When the minute, hour or day begins; null without `bucket`.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-01-05T00:00:00.000Z',
  })
  bucket!: string | null;
}

export class MetricPointResponse extends MetricFiguresResponse {
  @ApiProperty(moment('When it begins.', '2026-01-05T00:00:00.000Z'))
  start!: string;
}

export class MetricTimeseriesResponse {
  @ApiProperty({ description: 'The time of all points.', type: MetricRangeResponse })
  range!: MetricRangeResponse;
  @ApiProperty({ description: 'Length of a point.', enum: ['minute', 'hour', 'day'], example: 'hour' })
  bucket!: string;
  @ApiProperty({ description: 'In order of time, empty ones too.', type: [MetricPointResponse] })
  points!: MetricPointResponse[];
}

export class MetricRankResponse extends MetricFiguresResponse {
  @ApiProperty(integer('1 for the first.', 1))
  rank!: number;
  @ApiProperty({
    description: "The agent's id.",
    format: 'uuid',
    example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
  })
  agent_id!: string;
  @ApiProperty({ description: 'Its name; its id once it is retired.', example: 'coder' })
  agent_name!: string;
  @ApiProperty(number('What it is ranked by: USD, tokens, failures or milliseconds.', 1.25))
  value!: number;
}

export class MetricLeaderboardResponse {
  @ApiProperty({ description: 'The time that was summed up.', type: MetricRangeResponse })
  range!: MetricRangeResponse;
  @ApiProperty({
    description: 'What it is ranked by.',
    enum: ['cost', 'tokens', 'failures', 'latency'],
    example: 'cost',
  })
  by!: string;
  @ApiProperty({
    description: 'The highest first; agents with nothing to rank are left out.',
    type: [MetricRankResponse],
  })
  entries!: MetricRankResponse[];
}

export function toRangeResponse(asked: TimeRange, answered: TimeRange): MetricRangeResponse {
  return {
    start: formatTime(answered.from),
    end: formatTime(answered.to),
    widened: asked.from !== answered.from || asked.to !== answered.to,
  };
}

const msOrNull = (us: number | null): number | null => (us === null ? null : fromMicros(us));

/** @param percentiles as they were asked for. */
export function toFiguresResponse(
  figures: MetricFigures,
  percentiles: readonly string[],
): MetricFiguresResponse {
  return {
    count: figures.metrics,
    avg_execution_time_ms: meanTime(figures),
    min_execution_time_ms: msOrNull(figures.executionTimeMin),
    max_execution_time_ms: msOrNull(figures.executionTimeMax),
    ...(percentiles.length === 0 ? {} : { execution_time_percentiles_ms: quantilesOf(figures, percentiles) }),
    success_rate: successRate(figures),
    failures: figures.failed,
    total_cost_usd: fromMicroUsd(figures.cost_micro),
    total_tokens_used: figures.tokens_used,
    total_api_calls: figures.api_calls,
    avg_quality_score: meanQuality(figures),
  };
}

function quantilesOf(
  { times, executionTimeMin: min, executionTimeMax: max }: MetricFigures,
  percentiles: readonly string[],
): Record<string, number | null> {
  const values = percentiles.map((percentile) => {
    const us = times.quantile(Number(percentile) / 100);
    // The bounds are known exactly.
    return [
      percentile,
      us === null ? null : fromMicros(Math.min(Math.max(us, min ?? us), max ?? us)),
    ] as const;
  });
  return Object.fromEntries(values);
}
