import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiProblems, Ctx, sendPage } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { LedgerQuery } from './dto/ledger.query.js';
import { LedgerResponse, toLedgerResponse } from './dto/ledger.response.js';
import { LedgerService } from './ledger.service.js';

@ApiTags('budget')
@Controller('budget')
export class LedgerController {
  constructor(private readonly ledger: LedgerService) {}

  @Get('ledger')
  @RequirePermission('budget:read')
  @ApiOperation({
    summary: 'List charges, newest first',
    description:
      'Page by page: the next one begins behind `next_cursor`, also named in `Link`, whatever has been charged meanwhile.',
  })
  @ApiOkResponse({ type: LedgerResponse, description: 'A page of the ledger.' })
  @ApiProblems(422)
  async list(
    @Ctx() ctx: OperationContext,
    @Query() query: LedgerQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<LedgerResponse> {
    const page = await this.ledger.list(ctx, query);
    return toLedgerResponse(
      sendPage(response, query, page),
      page.next && query.queryAfter(page.next).get('cursor'),
    );
  }
}
