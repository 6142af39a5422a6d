import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, Ctx } from '#contract';
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
      'Page by page: the next one begins behind `next_cursor`, whatever has been charged meanwhile.',
  })
  @ApiOkResponse({ type: LedgerResponse, description: 'A page of the ledger.' })
  @ApiProblems(422)
  async list(@Ctx() ctx: OperationContext, @Query() query: LedgerQuery): Promise<LedgerResponse> {
    return toLedgerResponse(await this.ledger.list(ctx, query));
  }
}
