import { Injectable } from '@nestjs/common';
import { formatTime } from '#contract';
import { AgentDirectory, Clock, fromMicroUsd, type OperationContext, ValidationFailed } from '#kernel';
import { ownRows } from '#rbac';
import { meanTime } from './dto/means.js';
import {
  type MetricAggregateQuery,
  type MetricLeaderboardQuery,
  type MetricPeriodQuery,
  type MetricTimeseriesQuery,
  type Ranking,
} from './dto/statistics.queries.js';
import {
  type MetricAggregateResponse,
  type PeriodSums,
  toAggregateResponse,
} from './dto/aggregate.responses.js';
import {
  type MetricLeaderboardResponse,
  type MetricTimeseriesResponse,
  toFiguresResponse,
  toRangeResponse,
} from './dto/statistics.responses.js';
import { type MetricFigures, together } from './rollups/metric-figures.js';
import { type MetricAnswer, RollupsRepository } from './rollups/rollups.repository.js';
import type { MetricQuestion } from './rollups/segment-sql.js';
import { ceilTo, floorTo, RESOLUTIONS } from './rollups/time-range.js';

const MAX_POINTS = 1_500;
const MAX_GROUPS = 10_000;
const MAX_AGENTS = 100_000;
const RANKED = 10;

const VALUE: Readonly<Record<Ranking, (figures: MetricFigures) => number>> = {
  cost: (figures) => fromMicroUsd(figures.cost_micro),
  tokens: (figures) => figures.tokens_used,
  failures: (figures) => figures.failed,
  latency: meanTime,
};

/** Sums metrics up. An agent's key sees its own. */
@Injectable()
export class MetricStatisticsService {
  constructor(
    private readonly rollups: RollupsRepository,
    private readonly agents: AgentDirectory,
    private readonly clock: Clock,
  ) {}

  /** @throws AccessDenied */
  async sum(ctx: OperationContext, query: MetricPeriodQuery, metricType?: string): Promise<PeriodSums> {
    const { asked, range, groups } = await this.ask(ctx, query, { metricType });
    const answered = toRangeResponse(asked, range);
    return { sums: together(groups), widened: answered.widened ? answered : null };
  }

  /** @throws AccessDenied, ValidationFailed for dates that make no range, and for more groups than an answer may hold. */
  async aggregate(ctx: OperationContext, query: MetricAggregateQuery): Promise<MetricAggregateResponse> {
    const percentiles = query.percentileList();
    const { group_by: groupBy, bucket } = query;
    const bucketMs = bucket && RESOLUTIONS[bucket];
    const { asked, range, groups } = await this.ask(ctx, query, {
      ...{ metricType: query.metric_type, groupBy, bucketMs, quantiles: percentiles.length > 0 },
    });
    if (groups.length > MAX_GROUPS) refuse('bucket', `would give more than ${MAX_GROUPS} groups`);
    const answered = toRangeResponse(asked, range);
    const sums = together(groups);
    const { execution_time_percentiles_ms } = toFiguresResponse(sums, percentiles);
    return {
      ...toAggregateResponse(sums, query.length(range)),
      ...(percentiles.length > 0 && execution_time_percentiles_ms ? { execution_time_percentiles_ms } : {}),
      ...(query.start_date !== undefined || answered.widened ? { range: answered } : {}),
      ...(groupBy || bucket
        ? {
            groups: groups.map((group) => ({
              key: group.key,
              bucket: group.bucket === null ? null : formatTime(group.bucket),
              ...toFiguresResponse(group, percentiles),
            })),
          }
        : {}),
    };
  }

  /** @throws AccessDenied, ValidationFailed for dates that make no range, and for more points than an answer may hold. */
  async timeseries(ctx: OperationContext, query: MetricTimeseriesQuery): Promise<MetricTimeseriesResponse> {
    const percentiles = query.percentileList();
    const bucket = query.bucket ?? 'hour';
    const length = RESOLUTIONS[bucket];
    const whole = query.range(this.clock.now());
    if ((whole.to - whole.from) / length > MAX_POINTS) {
      refuse('bucket', `would give more than ${MAX_POINTS} points; ask for longer ones or for less time`);
    }
    const { asked, range, groups } = await this.ask(ctx, query, {
      ...{ metricType: query.metric_type, bucketMs: length, quantiles: percentiles.length > 0 },
    });
    const found = new Map(groups.map((group) => [group.bucket, group]));
    const nothing = together([]);
    const points = [];
    for (let start = floorTo(range.from, length); start < ceilTo(range.to, length); start += length) {
      const figures = toFiguresResponse(found.get(start) ?? nothing, percentiles);
      points.push({ start: formatTime(start), ...figures });
    }
    return { range: toRangeResponse(asked, range), bucket, points };
  }

  /** @throws AccessDenied, ValidationFailed for dates that make no range. */
  async leaderboard(
    ctx: OperationContext,
    query: MetricLeaderboardQuery,
  ): Promise<MetricLeaderboardResponse> {
    const by = query.by ?? 'cost';
    const question = { metricType: query.metric_type, groupBy: 'agent' as const };
    const { asked, range, groups } = await this.ask(ctx, query, question, MAX_AGENTS);
    const ranked = groups
      .map((group) => ({ group, agentId: group.key ?? '', value: VALUE[by](group) }))
      .filter(({ value }) => value > 0)
      .sort((a, b) => b.value - a.value || (a.agentId < b.agentId ? -1 : 1))
      .slice(0, query.limit ?? RANKED);
    const entries = ranked.map(({ group, agentId, value }, index) => ({
      rank: index + 1,
      agent_id: agentId,
      agent_name: this.agents.resolve(agentId)?.name ?? agentId,
      value,
      ...toFiguresResponse(group, []),
    }));
    return { range: toRangeResponse(asked, range), by, entries };
  }

  private async ask(
    ctx: OperationContext,
    query: MetricPeriodQuery,
    question: Omit<MetricQuestion, 'range' | 'agentId'>,
    limit = MAX_GROUPS + 1,
  ): Promise<MetricAnswer & { readonly asked: MetricQuestion['range'] }> {
    const { agent_id: reference } = query;
    const agentId = ownRows(
      ctx.principal,
      reference === undefined ? undefined : this.agents.idFor(reference),
    );
    const asked = query.range(this.clock.now());
    return { asked, ...(await this.rollups.answer({ ...question, agentId, range: asked }, limit)) };
  }
}

function refuse(path: string, message: string): never {
  throw new ValidationFailed([{ path, message }]);
}
