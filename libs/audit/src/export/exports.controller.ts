import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiProblems, Ctx, NDJSON } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { ExportQuery, toExportRequest } from '../dto/export.query.js';
import { RecordsItself } from '../records-itself.js';
import { ExportsService, TREE_SIZE_HEADER } from './exports.service.js';

const LINES = { type: 'string' as const };

@ApiTags('audit')
@Controller('audit/export')
export class ExportsController {
  constructor(private readonly exports: ExportsService) {}

  @Get()
  @RecordsItself()
  @RequirePermission('audit:read')
  @ApiOperation({
    summary: 'Export the audit trail',
    description:
      'In log order, any amount. Of lines of JSON the first names the tree, the last is a signed checkpoint of it, and those between prove ' +
      'themselves: each leaf of the tree is an entry or within a gap. An answer without its last line broke off: ask on with `after_seq` ' +
      'and `tree_size`.',
  })
  @ApiOkResponse({
    description: 'The export.',
    headers: {
      [TREE_SIZE_HEADER]: {
        description: 'How many entries the tree of its checkpoint holds: to go on with it.',
        schema: { type: 'integer', example: 4096 },
      },
    },
    content: { [NDJSON]: { schema: LINES }, 'text/csv': { schema: LINES } },
  })
  @ApiProblems(409, 422, 429)
  export(
    @Ctx() ctx: OperationContext,
    @Query() query: ExportQuery,
    @Res() response: Response,
  ): Promise<void> {
    return this.exports.send(ctx, toExportRequest(query), response);
  }
}
