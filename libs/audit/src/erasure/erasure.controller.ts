import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiBodyProblems, ApiProblems, Ctx, Idempotent } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { EraseTextsRequest } from '../dto/erasure.request.js';
import { ErasureResponse, toErasureResponse } from '../dto/erasure.response.js';
import { TextErasure } from './text-erasure.js';

@ApiTags('audit')
@Controller('audit/entries')
export class ErasureController {
  constructor(private readonly erasure: TextErasure) {}

  @Post(':audit_id/erase')
  @HttpCode(200)
  @Idempotent()
  @RequirePermission('audit:erase')
  @ApiOperation({
    summary: 'Erase the texts of an entry',
    description:
      'Detail, target, reason, tool use and context, with all copies in the store. The entry stays, and every proof of it ' +
      'stays valid. By people alone. One that was erased before is answered what was done then.',
  })
  @ApiParam({ name: 'audit_id', description: 'The entry.', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' })
  @ApiOkResponse({ type: ErasureResponse, description: 'What was erased, and what could not be reached.' })
  @ApiBodyProblems()
  @ApiProblems(404, 409)
  async erase(
    @Ctx() ctx: OperationContext,
    @Param('audit_id') auditId: string,
    @Body() { reason }: EraseTextsRequest,
  ): Promise<ErasureResponse> {
    return toErasureResponse(await this.erasure.erase(ctx, auditId, reason));
  }
}
