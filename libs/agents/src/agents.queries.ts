import { Injectable } from '@nestjs/common';
import type { Page, PageOf } from '#contract';
import {
  AgentDirectory,
  AgentNotFound,
  BudgetCalendar,
  type BudgetDay,
  BudgetState,
  type BudgetStatus,
  type OperationContext,
  perObject,
} from '#kernel';
import { type Policy, PolicyInForce } from '#rbac';
import { type TaggedAgent, tagOf } from './agent-tag.js';
import { type AgentFilter, type AgentRow, AgentsReadModel } from './agents.read-model.js';
import { type AgentResponse, toAgentResponse } from './dto/agent.response.js';
import type { RegistrySummaryResponse } from './dto/registry-summary.response.js';

/** Agents as they are answered under one policy on one day. */
interface AgentView {
  readonly policy: Policy;
  readonly today: BudgetDay;
  readonly toResponse: (row: AgentRow) => AgentResponse;
}

/** Answers what the registry holds, rights and limits resolved against the policy in force. */
@Injectable()
export class AgentsQueries {
  private view: AgentView | null = null;

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
    const agent = this.present(row);
    return { agent, tag: tagOf(row.version, agent) };
  }

  /** The agent after a change; it may have been retired since. @throws AgentNotFound */
  async getChanged(ctx: OperationContext, agentId: string): Promise<AgentResponse> {
    const row = await this.readModel.find(ctx, agentId);
    if (!row) throw new AgentNotFound(agentId);
    return this.present(row);
  }

  /** @param status of the budget of today. */
  async list(
    { status, ...filter }: AgentFilter & { readonly status?: BudgetStatus },
    page: Page,
  ): Promise<PageOf<AgentResponse>> {
    const agentIds = status && (await this.findByStatus(status));
    const found = await this.readModel.list({ ...filter, agentIds }, page);
    return { ...found, items: found.items.map((row) => this.present(row)) };
  }

  private present(row: AgentRow): AgentResponse {
    const policy = this.policy.current;
    const today = this.calendar.today();
    if (this.view?.policy !== policy || this.view.today.date !== today.date) {
      const toResponse = perObject((each: AgentRow) => toAgentResponse(each, policy, today));
      this.view = { policy, today, toResponse };
    }
    return this.view.toResponse(row);
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
