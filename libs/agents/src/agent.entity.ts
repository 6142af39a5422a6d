import { Column, Entity, PrimaryColumn } from 'typeorm';
import { jsonText, zeroOrOne } from '#persistence';

/** An agent's identity. Null in a right or a limit means: as the role has it, at the moment of use. */
@Entity('agent_identities')
export class AgentEntity {
  @PrimaryColumn('text', { name: 'agent_id' })
  agentId!: string;

  @Column('text')
  name!: string;

  @Column('text')
  role!: string;

  @Column('double precision', { name: 'role_confidence' })
  roleConfidence!: number;

  @Column('text', { name: 'role_reasoning', nullable: true })
  roleReasoning!: string | null;

  @Column('text', { transformer: jsonText })
  capabilities!: string[];

  @Column('text', { name: 'rbac_allowed_tools', nullable: true, transformer: jsonText })
  allowedTools!: string[] | null;

  @Column('text', { name: 'rbac_denied_tools', nullable: true, transformer: jsonText })
  deniedTools!: string[] | null;

  @Column('text', { name: 'rbac_path_scopes', nullable: true, transformer: jsonText })
  pathScopes!: string[] | null;

  @Column('text', { name: 'rbac_api_access', nullable: true, transformer: jsonText })
  apiAccess!: string[] | null;

  @Column('smallint', { name: 'rbac_requires_approval', transformer: zeroOrOne })
  requiresApproval!: boolean;

  /** micro-USD. */
  @Column('bigint', { name: 'rbac_approval_threshold' })
  approvalThresholdMicro!: number;

  @Column('bigint', { name: 'budget_max_tokens_per_session', nullable: true })
  maxTokensPerSession!: number | null;

  /** micro-USD. */
  @Column('bigint', { name: 'budget_max_cost_per_day', nullable: true })
  maxCostPerDayMicro!: number | null;

  @Column('text', { name: 'metadata_category' })
  category!: string;

  @Column('smallint', { name: 'metadata_specialist', transformer: zeroOrOne })
  specialist!: boolean;

  @Column('text', { name: 'metadata_version' })
  metadataVersion!: string;

  @Column('text', { name: 'metadata_tags', transformer: jsonText })
  tags!: string[];

  /** `api`, `data/…` for the files of this package, or `file:` and the path of its identity file. */
  @Column('text')
  origin!: string;

  /**
   * False for an identity that came from a file nobody vouched for: it never confers access to secrets or
   * registry rights, whatever its role.
   */
  @Column('smallint', { transformer: zeroOrOne })
  trusted!: boolean;

  /** Counts the changes of this row, from 1. */
  @Column('bigint')
  version!: number;

  @Column('bigint', { name: 'created_at' })
  createdAt!: number;

  @Column('bigint', { name: 'updated_at' })
  updatedAt!: number;

  @Column('bigint', { name: 'last_active_at', nullable: true })
  lastActiveAt!: number | null;

  @Column('bigint', { name: 'retired_at', nullable: true })
  retiredAt!: number | null;
}

/** What an identity says of itself; the rest of the row is the registry's. */
export type AgentProfile = Omit<
  AgentEntity,
  'agentId' | 'origin' | 'trusted' | 'version' | 'createdAt' | 'updatedAt' | 'lastActiveAt' | 'retiredAt'
>;

/** Where an identity came from, and whether somebody vouches for it. */
export type AgentProvenance = Pick<AgentEntity, 'origin' | 'trusted'>;

/** The row of an agent that is being registered. */
export function newAgent(
  agentId: string,
  profile: AgentProfile,
  provenance: AgentProvenance,
  now: number,
): AgentEntity {
  return {
    ...profile,
    ...provenance,
    agentId,
    version: 1,
    createdAt: now,
    updatedAt: now,
    lastActiveAt: null,
    retiredAt: null,
  };
}
