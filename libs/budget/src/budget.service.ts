import { Injectable } from '@nestjs/common';
import {
  AgentDirectory,
  AgentNotFound,
  BudgetCalendar,
  ChargeRecorder,
  type ChargeResult,
  type OperationContext,
  toMicroUsd,
  TransactionRunner,
} from '#kernel';
import { PolicyInForce, requireOwnAgent } from '#rbac';
import { statusOf } from './budget-status.js';
import { BudgetRepository } from './budget.repository.js';
import { type BudgetResponse, toBudgetResponse } from './dto/budget.responses.js';
import type { DeductBudgetRequest } from './dto/deduct-budget.request.js';

/** Books spending and says what is left. */
@Injectable()
export class BudgetService {
  constructor(
    private readonly repository: BudgetRepository,
    private readonly charges: ChargeRecorder,
    private readonly transactions: TransactionRunner,
    private readonly agents: AgentDirectory,
    private readonly calendar: BudgetCalendar,
    private readonly policy: PolicyInForce,
  ) {}

  /**
   * Books what was already spent: never refused for want of budget or of an agent. An agent's key is charged
   * itself, whomever it names.
   */
  deduct(ctx: OperationContext, request: DeductBudgetRequest): Promise<ChargeResult> {
    const { principal } = ctx;
    // An empty reference names nobody.
    const claimed = request.agent_id || null;
    const named = claimed === null ? null : this.agents.resolve(claimed);
    const agent = principal.agentId === null ? named : this.agents.resolve(principal.agentId);
    const isCharged = agent !== null && named?.agentId === agent.agentId;
    return this.transactions.append(ctx, (tx) =>
      this.charges.charge(tx, {
        agent,
        source: 'deduct',
        tokensUsed: request.tokens_used,
        costMicro: toMicroUsd(request.cost_usd),
        toolName: request.tool_name ?? null,
        sessionId: request.session_id ?? null,
        toolUseId: request.tool_use_id ?? null,
        requestId: request.request_id ?? null,
        clientTimestamp: request.timestamp ?? null,
        claimedAgent: isCharged ? null : claimed,
      }),
    );
  }

  /** @throws AgentNotFound, AccessDenied */
  async get(ctx: OperationContext, reference: string): Promise<BudgetResponse> {
    const agent = this.agents.resolve(reference);
    if (!agent) throw new AgentNotFound(reference);
    requireOwnAgent(ctx, agent.agentId);
    const today = this.calendar.today();
    const usage = await this.repository.getUsage({ account: agent.agentId, window: today.date });
    const status = statusOf(usage.costMicro, agent.maxCostPerDayMicro, this.policy.current.budgets);
    return toBudgetResponse(agent, usage, status, today);
  }
}
