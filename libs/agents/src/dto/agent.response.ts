import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { type BudgetDay, fromMicros, fromMicroUsd, fromNano } from '#kernel';
import type { Policy } from '#rbac';
import type { AgentRow } from '../agents.read-model.js';

class AgentRbacResponse {
  @ApiProperty({ description: 'Tools it may use.', type: [String], example: ['Read', 'Edit'] })
  allowed_tools!: string[];
  @ApiProperty({ description: 'Tools it may not use.', type: [String], example: [] })
  denied_tools!: string[];
  @ApiProperty({ description: 'Globs of paths it may touch.', type: [String], example: ['src/**'] })
  path_scopes!: string[];
  @ApiProperty({ description: 'APIs it may call.', type: [String], example: ['github'] })
  api_access!: string[];
  @ApiProperty({ description: 'Whether each operation needs an approval.', example: false })
  requires_approval!: boolean;
  @ApiProperty({ description: 'USD above which an operation needs an approval.', example: 10 })
  approval_threshold!: number;
}

class AgentBudgetResponse {
  @ApiProperty({ description: 'Tokens a session may use.', type: 'integer', example: 200000 })
  max_tokens_per_session!: number;
  @ApiProperty({ description: 'USD a day.', example: 30 })
  max_cost_per_day!: number;
  @ApiProperty({ description: 'The only currency.', enum: ['USD'], example: 'USD' })
  currency!: string;
  @ApiProperty({ description: 'Tokens used since the day began.', type: 'integer', example: 0 })
  tokens_used_today!: number;
  @ApiProperty({ description: 'USD spent since the day began.', example: 0 })
  cost_used_today!: number;
  @ApiProperty({
    description: 'When the day began.',
    format: 'date-time',
    example: '2026-01-05T00:00:00.000Z',
  })
  last_reset!: string;
}

class AgentMetadataResponse {
  @ApiProperty({ description: 'The part of the fleet it belongs to.', example: 'foundry' })
  category!: string;
  @ApiProperty({ description: 'A specialist or a generalist.', example: false })
  specialist!: boolean;
  @ApiProperty({ description: 'Version of the identity.', example: '1.0.0' })
  version!: string;
  @ApiProperty({ description: 'Free tags.', type: [String], example: [] })
  tags!: string[];
}

class AgentPerformanceResponse {
  @ApiProperty({ description: 'Successes among the metrics that say, 0–1.', example: 0.98 })
  success_rate!: number;
  @ApiProperty({ description: 'Mean of the metrics that say, milliseconds.', example: 1200 })
  avg_execution_time_ms!: number;
  @ApiProperty({ description: 'Mean of the metrics that say, 0–1.', example: 0.87 })
  quality_score!: number;
  @ApiProperty({ description: 'Tasks completed in its life.', type: 'integer', example: 12 })
  total_tasks_completed!: number;
}

class AgentTimestampsResponse {
  @ApiProperty({
    description: 'When it was registered.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  created_at!: string;
  @ApiProperty({
    description: 'When it last changed.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  updated_at!: string;
  @ApiProperty({
    description: 'When it last began or ended a task.',
    format: 'date-time',
    type: String,
    nullable: true,
    example: null,
  })
  last_active_at!: string | null;
}

/** An agent: identity, effective rights and limits, use of today, performance over its life. */
export class AgentResponse {
  @ApiProperty({
    description: 'Its id, for ever.',
    format: 'uuid',
    example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
  })
  agent_id!: string;
  @ApiProperty({ description: 'Unique among live agents.', example: 'coder' })
  name!: string;
  @ApiProperty({ description: 'What it is for.', example: 'developer' })
  role!: string;
  @ApiProperty({ description: 'How sure the role is, 0–1.', example: 0.9 })
  role_confidence!: number;
  @ApiProperty({
    description: 'Why this role.',
    type: String,
    nullable: true,
    example: 'Writes and edits code.',
  })
  role_reasoning!: string | null;
  @ApiProperty({ description: 'What it can do.', type: [String], example: ['typescript'] })
  capabilities!: string[];
  @ApiProperty({ description: 'Its rights, inherited ones filled in.', type: AgentRbacResponse })
  rbac!: AgentRbacResponse;
  @ApiProperty({ description: 'Its limits and what it used today.', type: AgentBudgetResponse })
  budget!: AgentBudgetResponse;
  @ApiProperty({ description: 'What it is filed under.', type: AgentMetadataResponse })
  metadata!: AgentMetadataResponse;
  @ApiProperty({ description: 'How it did over its life.', type: AgentPerformanceResponse })
  performance!: AgentPerformanceResponse;
  @ApiProperty({ description: 'When.', type: AgentTimestampsResponse })
  timestamps!: AgentTimestampsResponse;
}

const texts = (json: string | null, inherited: readonly string[]): string[] =>
  json === null ? [...inherited] : (JSON.parse(json) as string[]);

const mean = (sum: number | null, rows: number | null): number => (rows ? (sum ?? 0) / rows : 0);

/** Fills in what is inherited from the role as the policy has it now. */
export function toAgentResponse(row: AgentRow, policy: Policy, today: BudgetDay): AgentResponse {
  const role = policy.role(row.role);
  return {
    agent_id: row.agent_id,
    name: row.name,
    role: row.role,
    role_confidence: row.role_confidence,
    role_reasoning: row.role_reasoning,
    capabilities: texts(row.capabilities, []),
    rbac: {
      allowed_tools: texts(row.rbac_allowed_tools, role.tools),
      denied_tools: texts(row.rbac_denied_tools, []),
      path_scopes: texts(row.rbac_path_scopes, role.paths),
      api_access: texts(row.rbac_api_access, role.apiAccess),
      requires_approval: row.rbac_requires_approval !== 0,
      approval_threshold: fromMicroUsd(row.rbac_approval_threshold),
    },
    budget: {
      max_tokens_per_session: row.budget_max_tokens_per_session ?? role.maxTokensPerSession,
      max_cost_per_day: fromMicroUsd(row.budget_max_cost_per_day ?? role.maxCostPerDayMicro),
      currency: 'USD',
      tokens_used_today: row.today_tokens ?? 0,
      cost_used_today: fromMicroUsd(row.today_cost_micro ?? 0),
      last_reset: formatTime(today.startedAt),
    },
    metadata: {
      category: row.metadata_category,
      specialist: row.metadata_specialist !== 0,
      version: row.metadata_version,
      tags: texts(row.metadata_tags, []),
    },
    performance: {
      success_rate: mean(row.succeeded, (row.succeeded ?? 0) + (row.failed ?? 0)),
      avg_execution_time_ms: fromMicros(mean(row.execution_time_us, row.execution_time_rows)),
      quality_score: fromNano(mean(row.quality_nano, row.quality_rows)),
      total_tasks_completed: row.tasks_completed ?? 0,
    },
    timestamps: {
      created_at: formatTime(row.created_at),
      updated_at: formatTime(row.updated_at),
      last_active_at: row.last_active_at === null ? null : formatTime(row.last_active_at),
    },
  };
}
