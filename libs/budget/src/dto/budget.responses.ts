import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import {
  type AgentRef,
  BUDGET_STATUSES,
  type BudgetDay,
  type BudgetStatus,
  type ChargeResult,
  fromMicroUsd,
} from '#kernel';
import type { Usage } from '../usage-sums.js';

/** An account right after a charge. */
export class DeductBudgetResponse {
  @ApiProperty({
    description: "The account: the agent's id, or `unknown`.",
    example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
  })
  agent_id!: string;
  @ApiProperty({ description: 'Tokens used since the day began.', type: 'integer', example: 5000 })
  tokens_used_today!: number;
  @ApiProperty({ description: 'USD spent since the day began.', example: 0.015 })
  cost_used_today!: number;
  @ApiProperty({
    description: "USD left of the day's limit; below 0 when overspent, null without a limit.",
    type: Number,
    nullable: true,
    example: 29.985,
  })
  remaining_cost!: number | null;
  @ApiProperty({ description: 'Where the account stands.', enum: BUDGET_STATUSES, example: 'ok' })
  status!: string;
  @ApiProperty({ description: 'False for a tool use or request that was charged before.', example: true })
  charged!: boolean;
}

/** An agent's limits and what it used today. */
export class BudgetResponse {
  @ApiProperty({
    description: "The agent's id.",
    format: 'uuid',
    example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
  })
  agent_id!: string;
  @ApiProperty({ description: 'Tokens a session may use.', type: 'integer', example: 200000 })
  max_tokens_per_session!: number;
  @ApiProperty({ description: 'USD a day.', example: 30 })
  max_cost_per_day!: number;
  @ApiProperty({ description: 'The only currency.', enum: ['USD'], example: 'USD' })
  currency!: string;
  @ApiProperty({ description: 'Tokens used since the day began.', type: 'integer', example: 5000 })
  tokens_used_today!: number;
  @ApiProperty({ description: 'USD spent since the day began.', example: 0.015 })
  cost_used_today!: number;
  @ApiProperty({ description: 'USD left; below 0 when overspent.', example: 29.985 })
  remaining_cost!: number;
  @ApiProperty({
    description: 'When the day began.',
    format: 'date-time',
    example: '2026-01-05T00:00:00.000Z',
  })
  last_reset!: string;
  @ApiProperty({ description: 'Where the agent stands.', enum: BUDGET_STATUSES, example: 'ok' })
  status!: string;
}

export function toDeductResponse(result: ChargeResult): DeductBudgetResponse {
  return {
    agent_id: result.account,
    tokens_used_today: result.tokensUsedToday,
    cost_used_today: fromMicroUsd(result.costMicroToday),
    remaining_cost: result.remainingMicro === null ? null : fromMicroUsd(result.remainingMicro),
    status: result.status,
    charged: result.charged,
  };
}

export function toBudgetResponse(
  agent: AgentRef,
  { tokens, costMicro }: Usage,
  status: BudgetStatus,
  today: BudgetDay,
): BudgetResponse {
  return {
    agent_id: agent.agentId,
    max_tokens_per_session: agent.maxTokensPerSession,
    max_cost_per_day: fromMicroUsd(agent.maxCostPerDayMicro),
    currency: 'USD',
    tokens_used_today: tokens,
    cost_used_today: fromMicroUsd(costMicro),
    remaining_cost: fromMicroUsd(agent.maxCostPerDayMicro - costMicro),
    last_reset: formatTime(today.startedAt),
    status,
  };
}
