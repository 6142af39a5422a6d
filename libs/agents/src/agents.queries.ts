import { Injectable } from '@nestjs/common';
import type { Page, PageOf } from '#contract';
import { AgentDirectory, AgentNotFound, BudgetCalendar, type OperationContext } from '#kernel';
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

  async list(filter: AgentFilter, page: Page): Promise<PageOf<AgentResponse>> {
    const found = await this.readModel.list(filter, page);
    const today = this.calendar.today();
    return { ...found, items: found.items.map((row) => toAgentResponse(row, this.policy.current, today)) };
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
