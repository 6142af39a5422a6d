import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import {
  ApiBodyProblems,
  ApiPage,
  ApiProblems,
  BatchCalls,
  type BatchResponse,
  type ContextRequest,
  Ctx,
  Idempotent,
  parseTime,
  sendPage,
  TakesBatches,
} from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { AgentMetricsSummaryResponse, toSummaryResponse } from './dto/aggregate.responses.js';
import { CreateMetricItem, CreateMetricRequest } from './dto/create-metric.request.js';
import { MetricListQuery } from './dto/metric.queries.js';
import { MetricResponse, toMetricResponse } from './dto/metric.response.js';
import { MetricsService } from './metrics.service.js';

const time = (text: string | undefined) => (text === undefined ? undefined : (parseTime(text) ?? undefined));

@ApiTags('metrics')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: MetricsService,
    private readonly batches: BatchCalls,
  ) {}

  @Post()
  @Idempotent()
  @RequirePermission('metrics:write')
  @ApiOperation({ summary: 'Record a metric', description: 'Metrics of type `cost` charge the budget.' })
  @ApiCreatedResponse({ type: MetricResponse, description: 'The metric.' })
  @ApiBodyProblems()
  @ApiProblems(404)
  record(@Ctx() ctx: OperationContext, @Body() request: CreateMetricRequest): Promise<MetricResponse> {
    return this.metrics.record(ctx, request);
  }

  @Post('batch')
  @Idempotent()
  @RequirePermission('metrics:write')
  @ApiOperation({
    summary: 'Record many metrics',
    description: 'Each is taken or refused by itself, and answered when it is on disk.',
  })
  @TakesBatches(CreateMetricItem)
  recordBatch(@Req() request: ContextRequest, @Res() response: Response): Promise<BatchResponse | undefined> {
    return this.batches.answer(request, response, {
      item: CreateMetricItem,
      permission: 'metrics:write',
      record: (ctx, metrics) => this.metrics.recordEach(ctx, metrics),
    });
  }

  @Get()
  @RequirePermission('metrics:read')
  @ApiOperation({ summary: 'List metrics, newest first' })
  @ApiPage(MetricResponse, 'Metrics by descending `recorded_at`, then id.')
  async list(
    @Ctx() ctx: OperationContext,
    @Query() query: MetricListQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MetricResponse[]> {
    const filter = {
      agentId: query.agent_id,
      metricType: query.metric_type,
      from: time(query.start_date),
      to: time(query.end_date),
    };
    const page = await this.metrics.list(ctx, filter, query.page());
    return sendPage(response, query, page).map(toMetricResponse);
  }

  @Get('agent/:agent_id/summary')
  @RequirePermission('metrics:read')
  @ApiOperation({ summary: "Sum up an agent's life" })
  @ApiParam({ name: 'agent_id', description: 'UUID or name of a live agent.', example: 'coder' })
  @ApiOkResponse({ type: AgentMetricsSummaryResponse, description: 'The sums.' })
  @ApiProblems(404)
  async summary(
    @Ctx() ctx: OperationContext,
    @Param('agent_id') reference: string,
  ): Promise<AgentMetricsSummaryResponse> {
    const { agentId, totals } = await this.metrics.summarize(ctx, reference);
    return toSummaryResponse(agentId, totals);
  }
}
