import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiBodyProblems, Ctx, Idempotent } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { checksOf } from './check-batch.js';
import { ChecksService } from './checks.service.js';
import { CheckBatchRequest, CheckBatchResponse } from './dto/check-batch.js';
import { CheckRequest } from './dto/check.request.js';
import { CheckResponse, toCheckResponse } from './dto/check.response.js';
import { ExplainResponse, toStepResponse } from './dto/explain.response.js';

@ApiTags('rbac')
@Controller('rbac')
export class ChecksController {
  constructor(private readonly checks: ChecksService) {}

  @Post('check')
  @HttpCode(200)
  @Idempotent()
  @RequirePermission('decisions:check')
  @ApiOperation({
    summary: 'Decide whether an agent may do something',
    description:
      'Every decision is recorded before it is answered. A denial is an answer: its status is 200.',
  })
  @ApiOkResponse({ type: CheckResponse, description: 'The decision.' })
  @ApiBodyProblems()
  async check(@Ctx() ctx: OperationContext, @Body() request: CheckRequest): Promise<CheckResponse> {
    return toCheckResponse(await this.checks.check(ctx, request));
  }

  @Post('check/batch')
  @HttpCode(200)
  @Idempotent()
  @RequirePermission('decisions:check')
  @ApiOperation({
    summary: 'Decide up to 100 checks',
    description: 'One that is malformed refuses them all.',
  })
  @ApiOkResponse({ type: CheckBatchResponse, description: 'The decisions.' })
  @ApiBodyProblems()
  async batch(@Ctx() ctx: OperationContext, @Body() request: CheckBatchRequest): Promise<CheckBatchResponse> {
    const decisions = await Promise.all(checksOf(request).map((check) => this.checks.check(ctx, check)));
    return { results: decisions.map(toCheckResponse) };
  }

  @Post('explain')
  @HttpCode(200)
  @RequirePermission('decisions:check')
  @ApiOperation({ summary: 'Show what every step of a check would find', description: 'Records nothing.' })
  @ApiOkResponse({ type: ExplainResponse, description: 'The trace.' })
  @ApiBodyProblems()
  async explain(@Ctx() ctx: OperationContext, @Body() request: CheckRequest): Promise<ExplainResponse> {
    const { verdict, trace, policyVersion } = await this.checks.explain(ctx, request);
    const { decision, step, rule, reason, marks } = verdict;
    return {
      decision,
      step,
      rule,
      reason,
      marks,
      policy_version: policyVersion,
      steps: trace.map(toStepResponse),
    };
  }
}
