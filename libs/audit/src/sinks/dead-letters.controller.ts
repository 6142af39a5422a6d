import { Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiPage, ApiProblems, Ctx, Idempotent, sendPage } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { DeadLettersQuery } from '../dto/sink.requests.js';
import { DeadLetterResponse, toDeadLetterResponse } from '../dto/sink.responses.js';
import { SinksService } from './sinks.service.js';

const ID = '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11';

@ApiTags('audit')
@ApiParam({ name: 'sink_id', description: 'The sink.', example: ID })
@Controller('audit/sinks/:sink_id/dead-letters')
@RequirePermission('audit:manage')
export class DeadLettersController {
  constructor(private readonly sinks: SinksService) {}

  @Get()
  @ApiOperation({ summary: 'List what could not be delivered to a sink, newest first' })
  @ApiPage(DeadLetterResponse, 'The dead letters. One that is delivered after all is in the list no more.')
  @ApiProblems(404)
  async list(
    @Ctx() ctx: OperationContext,
    @Param('sink_id') sinkId: string,
    @Query() query: DeadLettersQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DeadLetterResponse[]> {
    const letters = await this.sinks.deadLetters(ctx, sinkId, query.page());
    return sendPage(response, query, letters).map(toDeadLetterResponse);
  }

  @Post(':dead_letter_id/redeliver')
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({
    summary: 'Try a dead letter once more',
    description: 'Once what is new has been delivered. While the sink is paused it waits.',
  })
  @ApiParam({ name: 'dead_letter_id', description: 'The dead letter.', example: ID })
  @ApiAcceptedResponse({ type: DeadLetterResponse, description: 'It waits for its turn.' })
  @ApiProblems(404)
  async redeliver(
    @Ctx() ctx: OperationContext,
    @Param('sink_id') sinkId: string,
    @Param('dead_letter_id') deadLetterId: string,
  ): Promise<DeadLetterResponse> {
    return toDeadLetterResponse(await this.sinks.redeliver(ctx, sinkId, deadLetterId));
  }
}
