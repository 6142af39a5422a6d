import { Body, Controller, Header, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiBodyProblems, ApiProblems, Ctx, Idempotent } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { DAY_S, RotateSinkSecretRequest } from '../dto/sink.requests.js';
import {
  SinkResponse,
  SinkSecretResponse,
  toSinkResponse,
  toSinkSecretResponse,
} from '../dto/sink.responses.js';
import { SinksService } from './sinks.service.js';

const SECOND_MS = 1_000;

@ApiTags('audit')
@ApiParam({ name: 'sink_id', description: 'The sink.', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' })
@ApiProblems(404)
@Controller('audit/sinks/:sink_id')
@RequirePermission('audit:manage')
export class SinkActionsController {
  constructor(private readonly sinks: SinksService) {}

  @Post('pause')
  @HttpCode(200)
  @Idempotent()
  @ApiOperation({
    summary: 'Stop delivering to a sink',
    description: 'What is under way is still delivered.',
  })
  @ApiOkResponse({ type: SinkResponse, description: 'The sink.' })
  async pause(@Ctx() ctx: OperationContext, @Param('sink_id') sinkId: string): Promise<SinkResponse> {
    return toSinkResponse(await this.sinks.pause(ctx, sinkId));
  }

  @Post('resume')
  @HttpCode(200)
  @Idempotent()
  @ApiOperation({ summary: 'Go on delivering to a sink', description: 'From where it stopped.' })
  @ApiOkResponse({ type: SinkResponse, description: 'The sink.' })
  async resume(@Ctx() ctx: OperationContext, @Param('sink_id') sinkId: string): Promise<SinkResponse> {
    return toSinkResponse(await this.sinks.resume(ctx, sinkId));
  }

  @Post('rotate-secret')
  @Idempotent({ secret: true })
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Make another secret for a webhook',
    description: 'For `grace_s` seconds both sign, so that the receiver can change over.',
  })
  @ApiCreatedResponse({
    type: SinkSecretResponse,
    description: 'The sink, with its new secret, shown this once.',
  })
  @ApiBodyProblems()
  async rotateSecret(
    @Ctx() ctx: OperationContext,
    @Param('sink_id') sinkId: string,
    @Body() { grace_s: graceS = DAY_S }: RotateSinkSecretRequest,
  ): Promise<SinkSecretResponse> {
    return toSinkSecretResponse(await this.sinks.rotateSecret(ctx, sinkId, graceS * SECOND_MS));
  }
}
