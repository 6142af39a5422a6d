import { Injectable } from '@nestjs/common';
import { AgentDirectory, AgentNotFound, DomainError, fromMicroUsd, type OperationContext } from '#kernel';
import { PolicyInForce, requireOwnAgent } from '#rbac';
import { type EffectiveRightsResponse, type RoleResponse, toRoleResponse } from './dto/roles.responses.js';

/** What the policy in force gives to whom. */
@Injectable()
export class RbacViews {
  constructor(
    private readonly policy: PolicyInForce,
    private readonly agents: AgentDirectory,
  ) {}

  roles(): RoleResponse[] {
    return [...this.policy.current.roles.values()].map(toRoleResponse);
  }

  /** @throws DomainError `NOT_FOUND` */
  role(name: string): RoleResponse {
    const role = this.policy.current.roles.get(name);
    if (!role) throw new DomainError('NOT_FOUND', 'There is no role of this name.');
    return toRoleResponse(role);
  }

  /** @throws AgentNotFound, AccessDenied */
  effective(ctx: OperationContext, reference: string): EffectiveRightsResponse {
    const agent = this.agents.resolve(reference);
    if (!agent) throw new AgentNotFound(reference);
    requireOwnAgent(ctx, agent.agentId);
    const { rights } = agent;
    const { rules } = this.policy.current;
    const role = toRoleResponse(this.policy.current.role(agent.role));
    const own = rules.rulesOf(rights);
    return {
      ...role,
      agent_id: agent.agentId,
      agent_name: agent.name,
      tools: own.allowed ? narrowed(role.tools, own.allowed) : role.tools,
      api_access: own.api ? narrowed(role.api_access, own.api) : role.api_access,
      can_access_secrets: role.can_access_secrets && rights.trusted,
      can_modify_agents: role.can_modify_agents && rights.trusted,
      denied_tools: rights.deniedTools ?? [],
      own_path_scopes: own.scopes === null ? null : own.scopes.list,
      max_tokens_per_session: agent.maxTokensPerSession,
      max_cost_per_day: fromMicroUsd(agent.maxCostPerDayMicro),
      requires_approval: rights.requiresApproval,
      approval_threshold: fromMicroUsd(rights.approvalThresholdMicro),
      trusted: rights.trusted,
    };
  }
}

interface NameSet {
  readonly list: readonly string[];
  has(name: string): boolean;
}

/** What both hold. A role that has everything leaves what the agent lists. */
function narrowed(ofRole: readonly string[], own: NameSet): readonly string[] {
  return ofRole.includes('*') ? own.list : ofRole.filter((name) => own.has(name));
}
