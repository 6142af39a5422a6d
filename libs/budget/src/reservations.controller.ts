import { Body, Controller, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiBodyProblems, ApiProblems, Ctx, Idempotent } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { DeductBudgetResponse, toDeductResponse } from './dto/budget.responses.js';
import { ReservationResponse, toReservationResponse } from './dto/reservation.response.js';
import { ReserveBudgetRequest } from './dto/reserve-budget.request.js';
import { SettleBudgetRequest } from './dto/settle-budget.request.js';
import { ReservationsService } from './reservations.service.js';

@ApiTags('budget')
@Controller('budget')
export class ReservationsController {
  constructor(private readonly reservations: ReservationsService) {}

  @Post('reserve')
  @Idempotent()
  @RequirePermission('budget:reserve')
  @ApiOperation({
    summary: 'Set budget aside before it is spent',
    description:
      'Together reservations never exceed a limit of the agent, its role or the fleet. What is not settled in time ' +
      'is given back. A refusal states `remaining_cost`, `remaining_tokens` and `budget_status`.',
  })
  @ApiCreatedResponse({
    type: ReservationResponse,
    description: 'The reservation, and what is left after it.',
  })
  @ApiBodyProblems()
  @ApiProblems(404, 409)
  async reserve(
    @Ctx() ctx: OperationContext,
    @Body() request: ReserveBudgetRequest,
  ): Promise<ReservationResponse> {
    return toReservationResponse(await this.reservations.reserve(ctx, request));
  }

  @Post('settle')
  @Idempotent()
  @RequirePermission('budget:reserve')
  @ApiOperation({
    summary: 'Charge what a reservation came to',
    description: 'Once, by who reserved, and in full: more than was reserved, or late, as well.',
  })
  @ApiCreatedResponse({ type: DeductBudgetResponse, description: 'The account after the charge.' })
  @ApiBodyProblems()
  @ApiProblems(404, 409)
  async settle(
    @Ctx() ctx: OperationContext,
    @Body() request: SettleBudgetRequest,
  ): Promise<DeductBudgetResponse> {
    return toDeductResponse(await this.reservations.settle(ctx, request));
  }
}
