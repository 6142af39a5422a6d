import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, Ctx } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import {
  MetricAggregateResponse,
  QualityResponse,
  ResourceUsageResponse,
  toQualityResponse,
  toUsageResponse,
} from './dto/aggregate.responses.js';
import {
  MetricAggregateQuery,
  MetricLeaderboardQuery,
  MetricPeriodQuery,
  MetricTimeseriesQuery,
} from './dto/statistics.queries.js';
import { MetricLeaderboardResponse, MetricTimeseriesResponse } from './dto/statistics.responses.js';
import { MetricStatisticsService } from './metric-statistics.service.js';

/** Sums over metrics, for any range at the same cost. */
@ApiTags('metrics')
@Controller('metrics')
export class MetricStatisticsController {
  constructor(private readonly statistics: MetricStatisticsService) {}

  @Get('aggregate')
  @RequirePermission('metrics:read')
  @ApiOperation({
    summary: 'Sum up metrics',
    description:
      'Exact, percentiles within 1 %. Where metrics are gone, edges move to whole hours, and `range` says so.',
  })
  @ApiOkResponse({ type: MetricAggregateResponse, description: 'The sums.' })
  @ApiProblems(422)
  aggregate(
    @Ctx() ctx: OperationContext,
    @Query() query: MetricAggregateQuery,
  ): Promise<MetricAggregateResponse> {
    return this.statistics.aggregate(ctx, query);
  }

  @Get('timeseries')
  @RequirePermission('metrics:read')
  @ApiOperation({ summary: 'Sum up metrics minute by minute, hour by hour or day by day' })
  @ApiOkResponse({ type: MetricTimeseriesResponse, description: 'The points.' })
  @ApiProblems(422)
  timeseries(
    @Ctx() ctx: OperationContext,
    @Query() query: MetricTimeseriesQuery,
  ): Promise<MetricTimeseriesResponse> {
    return this.statistics.timeseries(ctx, query);
  }

  @Get('leaderboard')
  @RequirePermission('metrics:read')
  @ApiOperation({ summary: 'Rank agents by cost, tokens, failures or latency' })
  @ApiOkResponse({ type: MetricLeaderboardResponse, description: 'The ranking.' })
  @ApiProblems(422)
  leaderboard(
    @Ctx() ctx: OperationContext,
    @Query() query: MetricLeaderboardQuery,
  ): Promise<MetricLeaderboardResponse> {
    return this.statistics.leaderboard(ctx, query);
  }

  @Get('quality')
  @RequirePermission('metrics:read')
  @ApiOperation({
    summary: 'Sum up quality',
    description: 'Where metrics are gone, the older edge moves to the whole hour, and `range` says so.',
  })
  @ApiOkResponse({ type: QualityResponse, description: 'The sums, over metrics of type `quality`.' })
  @ApiProblems(422)
  async quality(@Ctx() ctx: OperationContext, @Query() query: MetricPeriodQuery): Promise<QualityResponse> {
    return toQualityResponse(await this.statistics.sum(ctx, query, 'quality'), query.length());
  }

  @Get('resources/usage')
  @RequirePermission('metrics:read')
  @ApiOperation({
    summary: 'Sum up what was used',
    description: 'Where metrics are gone, the older edge moves to the whole hour, and `range` says so.',
  })
  @ApiOkResponse({ type: ResourceUsageResponse, description: 'The sums.' })
  @ApiProblems(422)
  async usage(
    @Ctx() ctx: OperationContext,
    @Query() query: MetricPeriodQuery,
  ): Promise<ResourceUsageResponse> {
    return toUsageResponse(await this.statistics.sum(ctx, query), query.length());
  }
}
