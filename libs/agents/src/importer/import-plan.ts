import { isDeepStrictEqual } from 'node:util';
import { newId, toMicroUsd } from '#kernel';
import type { Policy } from '#rbac';
import type { AgentEntity, AgentProfile, AgentProvenance } from '../agent.entity.js';
import type { ImportedAgent } from './agent-fields.js';
import type { IdentityFileResult } from './identity-file.js';

const DEFAULT_APPROVAL_THRESHOLD_USD = 10;
const DEFAULT_VERSION = '1.0.0';

type AgentFile = Extract<IdentityFileResult, { status: 'agent' }>;

/** What became, or would become, of one file. */
export interface FileReport {
  readonly path: string;
  readonly status: 'added' | 'updated' | 'unchanged' | 'left_out' | 'refused';
  readonly name?: string;
  readonly line?: number;
  readonly reason?: string;
  readonly notes?: readonly string[];
}

export interface ImportPlan {
  readonly add: readonly { agentId: string; profile: AgentProfile; provenance: AgentProvenance }[];
  readonly update: readonly { before: AgentEntity; changes: Partial<AgentEntity> }[];
  readonly retire: readonly AgentEntity[];
  readonly files: readonly FileReport[];
}

/** The registry as the plan meets it. */
export interface RegistryState {
  readonly live: readonly AgentEntity[];
  /** Ids among those of the files that are or were an agent's. */
  readonly usedIds: ReadonlySet<string>;
}

export interface PlanOptions {
  /** Names the folder; what an agent's origin begins with. */
  readonly source: string;
  /** Somebody vouches for the files. */
  readonly trusted: boolean;
  /** Retire agents of this folder whose file is gone. */
  readonly prune: boolean;
}

/**
 * What an import would do. An agent is matched by its live name first, then by id, and keeps the registry's id.
 * Pure: the same files and registry give the same plan, and after carrying it out, an empty one.
 */
export function planImport(
  files: readonly IdentityFileResult[],
  registry: RegistryState,
  policy: Policy,
  options: PlanOptions,
): ImportPlan {
  const byName = new Map(registry.live.map((agent) => [agent.name, agent]));
  const byId = new Map(registry.live.map((agent) => [agent.agentId, agent]));
  const add: { agentId: string; profile: AgentProfile; provenance: AgentProvenance }[] = [];
  const update: { before: AgentEntity; changes: Partial<AgentEntity> }[] = [];
  const matched = new Set<string>();
  const reports = files.map((file): FileReport => {
    if (file.status !== 'agent') return file;
    const { profile, notes } = toProfile(file, policy, options.trusted);
    const report = { path: file.path, name: profile.name, ...(notes.length > 0 ? { notes } : {}) };
    const provenance = { origin: `${options.source}/${file.path}`, trusted: options.trusted };
    const before = byName.get(profile.name) ?? byId.get(file.agent.agentId);
    if (!before || matched.has(before.agentId)) {
      const free = !registry.usedIds.has(file.agent.agentId);
      add.push({ agentId: free ? file.agent.agentId : newId(), profile, provenance });
      return { ...report, status: 'added' };
    }
    matched.add(before.agentId);
    const changes = difference(before, { ...profile, ...provenance });
    if (Object.keys(changes).length === 0) return { ...report, status: 'unchanged' };
    update.push({ before, changes });
    return { ...report, status: 'updated' };
  });
  // A file that could not be read is not gone, so its agent stays.
  const unread = new Set(
    files.filter((file) => file.status !== 'agent').map((file) => `${options.source}/${file.path}`),
  );
  const gone = (agent: AgentEntity) =>
    agent.origin.startsWith(`${options.source}/`) && !matched.has(agent.agentId) && !unread.has(agent.origin);
  return { add, update, retire: options.prune ? registry.live.filter(gone) : [], files: reports };
}

function difference(before: AgentEntity, after: AgentProfile & AgentProvenance): Partial<AgentEntity> {
  const changed = (Object.keys(after) as (keyof typeof after)[]).filter(
    (key) => !isDeepStrictEqual(before[key], after[key]),
  );
  return Object.fromEntries(changed.map((key) => [key, after[key]]));
}

/** The profile of a file. An identity nobody vouches for gets no larger limits than its role's. */
function toProfile(
  { agent, notes }: AgentFile,
  policy: Policy,
  trusted: boolean,
): { profile: AgentProfile; notes: string[] } {
  const role = policy.role(agent.role);
  const told = [...notes];
  const cap = (name: string, value: number | null, limit: number): number | null => {
    if (trusted || value === null || value <= limit) return value;
    told.push(`${name} lowered to the role's limit; --trust keeps it`);
    return limit;
  };
  if (!trusted && (role.canAccessSecrets || role.canModifyAgents)) {
    told.push(
      `the role ${role.name} confers no access to secrets or registry rights here; --trust confers them`,
    );
  }
  const cost = agent.maxCostPerDayUsd === null ? null : toMicroUsd(agent.maxCostPerDayUsd);
  const maxTokensPerSession = cap(
    'max_tokens_per_session',
    agent.maxTokensPerSession,
    role.maxTokensPerSession,
  );
  const maxCostPerDayMicro = cap('max_cost_per_day', cost, role.maxCostPerDayMicro);
  return { profile: { ...identityOf(agent), maxTokensPerSession, maxCostPerDayMicro }, notes: told };
}

function identityOf(agent: ImportedAgent): Omit<AgentProfile, 'maxTokensPerSession' | 'maxCostPerDayMicro'> {
  return {
    name: agent.name,
    role: agent.role,
    roleConfidence: agent.roleConfidence,
    roleReasoning: agent.roleReasoning,
    capabilities: agent.capabilities,
    allowedTools: agent.allowedTools,
    deniedTools: agent.deniedTools,
    pathScopes: agent.pathScopes,
    apiAccess: agent.apiAccess,
    requiresApproval: agent.requiresApproval ?? false,
    approvalThresholdMicro: toMicroUsd(agent.approvalThresholdUsd ?? DEFAULT_APPROVAL_THRESHOLD_USD),
    category: agent.category,
    specialist: agent.specialist,
    metadataVersion: agent.version ?? DEFAULT_VERSION,
    tags: agent.tags,
  };
}
