import { toMicroUsd } from '#kernel';
import { DEFAULT_APPROVAL_THRESHOLD_USD, DEFAULT_VERSION } from './agent-defaults.js';
import type { AgentProfile } from './agent.entity.js';
import type { CreateAgentRequest } from './dto/create-agent.request.js';
import type { UpdateAgentRequest } from './dto/update-agent.request.js';

/** The profile of a new agent, defaults filled in; null where the role is to be asked. */
export function toProfile(request: CreateAgentRequest): AgentProfile {
  return {
    name: request.name,
    role: request.role,
    roleConfidence: request.role_confidence ?? 0,
    roleReasoning: request.role_reasoning ?? null,
    capabilities: request.capabilities,
    allowedTools: request.rbac_allowed_tools ?? null,
    deniedTools: request.rbac_denied_tools ?? null,
    pathScopes: request.rbac_path_scopes ?? null,
    apiAccess: request.rbac_api_access ?? null,
    requiresApproval: request.rbac_requires_approval ?? false,
    approvalThresholdMicro: toMicroUsd(request.rbac_approval_threshold ?? DEFAULT_APPROVAL_THRESHOLD_USD),
    maxTokensPerSession: request.budget_max_tokens_per_session ?? null,
    maxCostPerDayMicro: microOrNull(request.budget_max_cost_per_day) ?? null,
    category: request.metadata_category,
    specialist: request.metadata_specialist ?? false,
    metadataVersion: request.metadata_version ?? DEFAULT_VERSION,
    tags: request.metadata_tags ?? [],
  };
}

/** Only what the request holds; null goes back to inheriting. */
export function toChanges(request: UpdateAgentRequest): Partial<AgentProfile> {
  const changes: Record<Exclude<keyof AgentProfile, 'name'>, unknown> = {
    role: request.role,
    roleConfidence: request.role_confidence,
    roleReasoning: request.role_reasoning,
    capabilities: request.capabilities,
    allowedTools: request.rbac_allowed_tools,
    deniedTools: request.rbac_denied_tools,
    pathScopes: request.rbac_path_scopes,
    apiAccess: request.rbac_api_access,
    requiresApproval: request.rbac_requires_approval,
    approvalThresholdMicro:
      request.rbac_approval_threshold === undefined ? undefined : toMicroUsd(request.rbac_approval_threshold),
    maxTokensPerSession: request.budget_max_tokens_per_session,
    maxCostPerDayMicro: microOrNull(request.budget_max_cost_per_day),
    category: request.metadata_category,
    specialist: request.metadata_specialist,
    metadataVersion: request.metadata_version,
    tags: request.metadata_tags,
  };
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

function microOrNull(usd: number | null | undefined): number | null | undefined {
  return typeof usd === 'number' ? toMicroUsd(usd) : usd;
}
