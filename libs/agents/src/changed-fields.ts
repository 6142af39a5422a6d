import { fromMicroUsd } from '#kernel';
import type { AgentEntity, AgentProfile, AgentProvenance } from './agent.entity.js';

/** What the parts of an identity are called where clients send and read them. */
const FIELDS: Readonly<Record<keyof AgentProfile | keyof AgentProvenance, string>> = {
  name: 'name',
  role: 'role',
  roleConfidence: 'role_confidence',
  roleReasoning: 'role_reasoning',
  capabilities: 'capabilities',
  allowedTools: 'rbac_allowed_tools',
  deniedTools: 'rbac_denied_tools',
  pathScopes: 'rbac_path_scopes',
  apiAccess: 'rbac_api_access',
  requiresApproval: 'rbac_requires_approval',
  approvalThresholdMicro: 'rbac_approval_threshold',
  maxTokensPerSession: 'budget_max_tokens_per_session',
  maxCostPerDayMicro: 'budget_max_cost_per_day',
  category: 'metadata_category',
  specialist: 'metadata_specialist',
  metadataVersion: 'metadata_version',
  tags: 'metadata_tags',
  origin: 'origin',
  trusted: 'trusted',
};
const AMOUNTS: readonly string[] = ['approvalThresholdMicro', 'maxCostPerDayMicro'];

/** A change of an identity in the words and units of the contract, for its entry. */
export function toChangedFields(changes: Partial<AgentEntity>): Record<string, unknown> {
  const members: Partial<Record<string, string>> = FIELDS;
  return Object.fromEntries(
    Object.entries(changes).map(([member, value]) => [
      members[member] ?? member,
      AMOUNTS.includes(member) && typeof value === 'number' ? fromMicroUsd(value) : value,
    ]),
  );
}
