import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiBodyProblems, ApiProblems, Ctx, Idempotent } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { BudgetService } from './budget.service.js';
import { BudgetResponse, DeductBudgetResponse, toDeductResponse } from './dto/budget.responses.js';
import { DeductBudgetRequest } from './dto/deduct-budget.request.js';

@ApiTags('budget')
@Controller()
export class BudgetController {
  constructor(private readonly budget: BudgetService) {}

  @Post('budget/deduct')
  @Idempotent()
  @RequirePermission('budget:charge')
  @ApiOperation({
    summary: 'Book what was spent',
    description: 'Never refused for want of budget; a tool use or request is charged once.',
  })
  @ApiCreatedResponse({ type: DeductBudgetResponse, description: 'The account after the charge.' })
  @ApiBodyProblems()
  async deduct(
    @Ctx() ctx: OperationContext,
    @Body() request: DeductBudgetRequest,
  ): Promise<DeductBudgetResponse> {
    return toDeductResponse(await this.budget.deduct(ctx, request));
  }

  @Get('registry/agents/:agent_id/budget')
  @RequirePermission('budget:read')
  @ApiOperation({ summary: "Get an agent's budget" })
  @ApiParam({ name: 'agent_id', description: 'UUID or name of a live agent.', example: 'coder' })
  @ApiOkResponse({ type: BudgetResponse, description: 'Limits, use of today and what is left.' })
  @ApiProblems(404)
  get(@Ctx() ctx: OperationContext, @Param('agent_id') reference: string): Promise<BudgetResponse> {
    return this.budget.get(ctx, reference);
  }
}
