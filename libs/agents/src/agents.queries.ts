import { Injectable } from '@nestjs/common';
import type { Page, PageOf } from '#contract';
import {
  AgentDirectory,
  AgentNotFound,
  BudgetCalendar,
  BudgetState,
  type BudgetStatus,
  type OperationContext,
} from '#kernel';
import { PolicyInForce } from '#rbac';
import { type TaggedAgent, tagOf } from './agent-tag.js';
import { type AgentFilter, AgentsReadModel } from './agents.read-model.js';
import { type AgentResponse, toAgentResponse } from './dto/agent.response.js';
import type { RegistrySummaryResponse } from './dto/registry-summary.response.js';

/** Answers what the registry holds, rights and limits resolved against the policy in force. */
@Injectable()
export class AgentsQueries {
  constructor(
    private readonly readModel: AgentsReadModel,
    private readonly directory: AgentDirectory,
    private readonly policy: PolicyInForce,
    private readonly calendar: BudgetCalendar,
    private readonly budgets: BudgetState,
  ) {}

  /** @throws AgentNotFound */
  async get(reference: string): Promise<TaggedAgent> {
    const ref = this.directory.resolve(reference);
    const row = ref && (await this.readModel.findLive(ref.agentId));
    if (!row) throw new AgentNotFound(reference);
    const agent = toAgentResponse(row, this.policy.current, this.calendar.today());
    return { agent, tag: tagOf(row.version, agent) };
  }

  /** The agent after a change; it may have been retired since. @throws AgentNotFound */
  async getChanged(ctx: OperationContext, agentId: string): Promise<AgentResponse> {
    const row = await this.readModel.find(ctx, agentId);
    if (!row) throw new AgentNotFound(agentId);
    return toAgentResponse(row, this.policy.current, this.calendar.today());
  }

  /** @param status of the budget of today. */
  async list(
    { status, ...filter }: AgentFilter & { readonly status?: BudgetStatus },
    page: Page,
  ): Promise<PageOf<AgentResponse>> {
    const agentIds = status && (await this.findByStatus(status));
    const found = await this.readModel.list({ ...filter, agentIds }, page);
    const today = this.calendar.today();
    return { ...found, items: found.items.map((row) => toAgentResponse(row, this.policy.current, today)) };
  }

  private async findByStatus(status: BudgetStatus): Promise<string[]> {
    const spending = await this.readModel.findSpending();
    return spending.flatMap(({ agent_id: agentId, cost_micro: costMicro }) => {
      const agent = this.directory.resolve(agentId);
      return agent && this.budgets.statusAt(agent, costMicro) === status ? [agentId] : [];
    });
  }

  async summarize(): Promise<RegistrySummaryResponse> {
    const { total, roles, categories, specialists } = await this.readModel.summarize();
    return {
      total_agents: total,
      role_distribution: roles,
      category_distribution: categories,
      specialists,
      generalists: total - specialists,
    };
  }
}
