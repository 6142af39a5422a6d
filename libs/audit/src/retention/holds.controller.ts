import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiBodyProblems, ApiPage, ApiProblems, Ctx, Idempotent, sendPage } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { HoldsQuery, PlaceHoldRequest, toHoldDraft } from '../dto/hold.request.js';
import { HoldResponse, toHoldResponse } from '../dto/hold.response.js';
import { HoldsService } from './holds.service.js';

@ApiTags('audit')
@Controller('audit/holds')
@RequirePermission('audit:manage')
export class HoldsController {
  constructor(private readonly holds: HoldsService) {}

  @Post()
  @Idempotent()
  @ApiOperation({
    summary: 'Place a legal hold',
    description: 'What it is about is neither removed nor erased while it is in force, whatever its age.',
  })
  @ApiCreatedResponse({ type: HoldResponse, description: 'The hold.' })
  @ApiBodyProblems()
  async place(@Ctx() ctx: OperationContext, @Body() request: PlaceHoldRequest): Promise<HoldResponse> {
    return toHoldResponse(await this.holds.place(ctx, toHoldDraft(request)));
  }

  @Get()
  @ApiOperation({ summary: 'List legal holds, newest first', description: 'Those that were released, too.' })
  @ApiPage(HoldResponse, 'The holds.')
  async list(
    @Query() query: HoldsQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<HoldResponse[]> {
    return sendPage(response, query, await this.holds.list(query.page())).map(toHoldResponse);
  }

  @Delete(':hold_id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Release a legal hold' })
  @ApiParam({ name: 'hold_id', description: 'The hold.', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' })
  @ApiNoContentResponse({ description: 'Released.' })
  @ApiProblems(404)
  release(@Ctx() ctx: OperationContext, @Param('hold_id') holdId: string): Promise<void> {
    return this.holds.release(ctx, holdId);
  }
}
