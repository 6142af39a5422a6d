import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
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
  sendPage,
  TakesBatches,
} from '#contract';
import { type OperationContext, perObject } from '#kernel';
import { RequirePermission } from '#rbac';
import { AuditService } from './audit.service.js';
import { AuditEntryResponse, toAuditEntryResponse } from './dto/audit-entry.response.js';
import { AuditListQuery, EventListQuery, toAuditFilter } from './dto/audit-list.query.js';
import { AuditStatsQuery } from './dto/audit-stats.query.js';
import { AuditStatsResponse, toAuditStatsResponse } from './dto/audit-stats.response.js';
import { IngestEventItem, IngestEventRequest } from './dto/ingest-event.request.js';

/** Pages show the same entries again and again. */
const toListed = perObject(toAuditEntryResponse);

@ApiTags('events')
@Controller('events')
export class AuditController {
  constructor(
    private readonly audit: AuditService,
    private readonly batches: BatchCalls,
  ) {}

  @Post('ingest')
  @Idempotent()
  @RequirePermission('events:write')
  @ApiOperation({
    summary: 'Record an event that a hook reports',
    description: 'Answered when the entry is on disk.',
  })
  @ApiCreatedResponse({ type: AuditEntryResponse, description: 'The entry.' })
  @ApiBodyProblems()
  async ingest(
    @Ctx() ctx: OperationContext,
    @Body() request: IngestEventRequest,
  ): Promise<AuditEntryResponse> {
    return toAuditEntryResponse(await this.audit.record(ctx, request));
  }

  @Post('ingest/batch')
  @Idempotent()
  @RequirePermission('events:write')
  @ApiOperation({
    summary: 'Record many events that hooks report',
    description: 'Each is taken or refused by itself, and answered when it is on disk.',
  })
  @TakesBatches(IngestEventItem)
  ingestBatch(@Req() request: ContextRequest, @Res() response: Response): Promise<BatchResponse | undefined> {
    return this.batches.answer(request, response, {
      item: IngestEventItem,
      permission: 'events:write',
      record: (ctx, events) => this.audit.recordEach(ctx, events),
    });
  }

  @Get('audit')
  @RequirePermission('audit:read')
  @ApiOperation({ summary: 'List the audit trail, newest first' })
  @ApiPage(AuditEntryResponse, 'Entries by descending `seq`.')
  async list(
    @Ctx() ctx: OperationContext,
    @Query() query: AuditListQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AuditEntryResponse[]> {
    const page = await this.audit.list(ctx, toAuditFilter(query), query.page());
    return sendPage(response, query, page).map(toListed);
  }

  @Get('audit/stats')
  @RequirePermission('audit:read')
  @ApiOperation({
    summary: 'Count the audit trail by decision, operation type and role',
    description:
      'Exact at any moment, at the same cost for any length of the log. Dates move to whole days, and `range` says so.',
  })
  @ApiOkResponse({ type: AuditStatsResponse, description: 'The counts.' })
  @ApiProblems(422)
  async stats(@Ctx() ctx: OperationContext, @Query() query: AuditStatsQuery): Promise<AuditStatsResponse> {
    const question = { agentId: query.agent_id, days: query.days(), groupBy: query.group_by };
    return toAuditStatsResponse(await this.audit.count(ctx, question), question);
  }

  @Get()
  @RequirePermission('audit:read')
  @ApiOperation({ summary: 'List the audit trail, newest first (older form)' })
  @ApiPage(AuditEntryResponse, 'Entries by descending `seq`.')
  async events(
    @Ctx() ctx: OperationContext,
    @Query() query: EventListQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AuditEntryResponse[]> {
    const page = await this.audit.list(ctx, { agentId: query.agent_id }, query.page());
    return sendPage(response, query, page).map(toListed);
  }
}
