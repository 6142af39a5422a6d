import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiBodyProblems, ApiPage, ApiProblems, Ctx, Idempotent, sendPage } from '#contract';
import { AgentDirectory, type OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { CreateSinkRequest, SinksQuery, toNewSink } from '../dto/sink.requests.js';
import {
  SinkResponse,
  SinkSecretResponse,
  toSinkResponse,
  toSinkSecretResponse,
} from '../dto/sink.responses.js';
import { SinksService } from './sinks.service.js';

const SINK = { name: 'sink_id', description: 'The sink.', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' };

@ApiTags('audit')
@Controller('audit/sinks')
@RequirePermission('audit:manage')
export class SinksController {
  constructor(
    private readonly sinks: SinksService,
    private readonly agents: AgentDirectory,
  ) {}

  @Post()
  @Idempotent({ secret: true })
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Deliver the audit trail to somebody else',
    description:
      'To a webhook, as Standard Webhooks has it, or as syslog: in order and at least once. The answer shows the secret of a webhook, this once.',
  })
  @ApiCreatedResponse({ type: SinkSecretResponse, description: 'The sink.' })
  @ApiBodyProblems()
  async create(
    @Ctx() ctx: OperationContext,
    @Body() request: CreateSinkRequest,
  ): Promise<SinkSecretResponse> {
    return toSinkSecretResponse(await this.sinks.create(ctx, toNewSink(request, this.agents)));
  }

  @Get()
  @ApiOperation({
    summary: 'List the sinks of the audit trail, newest first',
    description: 'With their progress.',
  })
  @ApiPage(SinkResponse, 'The sinks, without their secrets.')
  async list(
    @Query() query: SinksQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SinkResponse[]> {
    return sendPage(response, query, await this.sinks.list(query.page())).map(toSinkResponse);
  }

  @Get(':sink_id')
  @ApiOperation({ summary: 'Get a sink of the audit trail' })
  @ApiParam(SINK)
  @ApiOkResponse({ type: SinkResponse, description: 'The sink, without its secret.' })
  @ApiProblems(404)
  async get(@Ctx() ctx: OperationContext, @Param('sink_id') sinkId: string): Promise<SinkResponse> {
    return toSinkResponse(await this.sinks.get(ctx, sinkId));
  }

  @Delete(':sink_id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a sink of the audit trail', description: 'With its dead letters.' })
  @ApiParam(SINK)
  @ApiNoContentResponse({ description: 'Removed.' })
  @ApiProblems(404)
  remove(@Ctx() ctx: OperationContext, @Param('sink_id') sinkId: string): Promise<void> {
    return this.sinks.remove(ctx, sinkId);
  }
}
