import { ApiProperty } from '@nestjs/swagger';
import { fromMicroUsd } from '#kernel';
import type { Role } from '#rbac';

export class RoleResponse {
  @ApiProperty({ description: 'The role.', example: 'developer' })
  role!: string;
  @ApiProperty({ description: 'Its rank.', type: 'integer', example: 8 })
  level!: number;
  @ApiProperty({ description: 'Tools; `*` for all.', type: [String], example: ['Read', 'Write'] })
  tools!: readonly string[];
  @ApiProperty({ description: 'Path scopes.', type: [String], example: ['src/**'] })
  path_scopes!: readonly string[];
  @ApiProperty({ description: 'MCP servers.', type: [String], example: ['github'] })
  api_access!: readonly string[];
  @ApiProperty({ description: 'Whether it may start agents.', example: true })
  can_spawn_agents!: boolean;
  @ApiProperty({ description: 'Whether it may change the registry.', example: false })
  can_modify_agents!: boolean;
  @ApiProperty({ description: 'Whether it may read secret files.', example: false })
  can_access_secrets!: boolean;
  @ApiProperty({
    description: 'Operations that take an approval.',
    type: [String],
    example: ['production_deploy'],
  })
  requires_approval_for!: readonly string[];
  @ApiProperty({ description: 'Tokens.', type: 'integer', example: 200000 })
  max_tokens_per_session!: number;
  @ApiProperty({ description: 'USD.', example: 30 })
  max_cost_per_day!: number;
}

/** What an agent may do, role and own identity taken together. */
export class EffectiveRightsResponse extends RoleResponse {
  @ApiProperty({ description: 'The agent.', example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11' })
  agent_id!: string;
  @ApiProperty({ description: 'Its name.', example: 'coder' })
  agent_name!: string;
  @ApiProperty({ description: 'Tools that are denied whatever the role has.', type: [String], example: [] })
  denied_tools!: readonly string[];
  @ApiProperty({
    description: 'Scopes that a path must be in as well; null for no further ones.',
    type: [String],
    nullable: true,
    example: null,
  })
  own_path_scopes!: readonly string[] | null;
  @ApiProperty({ description: 'Whether all it does takes an approval.', example: false })
  requires_approval!: boolean;
  @ApiProperty({ description: 'USD; a costlier estimate takes an approval.', example: 10 })
  approval_threshold!: number;
  @ApiProperty({ description: 'False for an imported identity that nobody vouched for.', example: true })
  trusted!: boolean;
}

export function toRoleResponse(role: Role): RoleResponse {
  return {
    role: role.name,
    level: role.level,
    tools: role.tools,
    path_scopes: role.paths,
    api_access: role.apiAccess,
    can_spawn_agents: role.canSpawnAgents,
    can_modify_agents: role.canModifyAgents,
    can_access_secrets: role.canAccessSecrets,
    requires_approval_for: role.requiresApprovalFor,
    max_tokens_per_session: role.maxTokensPerSession,
    max_cost_per_day: fromMicroUsd(role.maxCostPerDayMicro),
  };
}
