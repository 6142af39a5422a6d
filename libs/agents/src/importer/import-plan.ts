import { isDeepStrictEqual } from 'node:util';
import { newId, toMicroUsd } from '#kernel';
import type { Policy } from '#rbac';
import { DEFAULT_APPROVAL_THRESHOLD_USD, DEFAULT_VERSION } from '../agent-defaults.js';
import type { AgentEntity, AgentProfile, AgentProvenance } from '../agent.entity.js';
import type { ImportedAgent } from './agent-fields.js';
import { refuseDuplicates } from './duplicates.js';
import type { AgentFile, IdentityFileResult } from './identity-file.js';

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
 * What an import would do. An agent is matched by its live name first, then by id, and keeps the registry's id. Files
 * that nobody vouches for change no agent that somebody does.
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
  // All names before any id, so that the order of the files decides nothing.
  const matched = new Set(
    files.flatMap((file) => (file.status === 'agent' ? (byName.get(file.agent.name)?.agentId ?? []) : [])),
  );
  const reports = refuseDuplicates(files, (name) => byName.has(name)).map((file): FileReport => {
    if (file.status !== 'agent') return file;
    const { name, agentId } = file.agent;
    const named = byName.get(name);
    const before = named ?? byId.get(agentId);
    if (before?.trusted && !options.trusted) {
      matched.add(before.agentId);
      const what = named ? 'of this name' : `of this agent_id, ${before.name},`;
      const reason = `the live agent ${what} is vouched for; changing it needs --trust`;
      return { path: file.path, name, status: 'refused', line: 1, reason };
    }
    const { profile, notes } = toProfile(file, policy, options.trusted);
    const report = { path: file.path, name, ...(notes.length > 0 ? { notes } : {}) };
    const provenance = { origin: `${options.source}/${file.path}`, trusted: options.trusted };
    if (!before || (!named && matched.has(before.agentId))) {
      const free = !registry.usedIds.has(agentId);
      add.push({ agentId: free ? agentId : newId(), profile, provenance });
      return { ...report, status: 'added' };
    }
    matched.add(before.agentId);
    const changes = difference(before, { ...profile, ...provenance });
    if (Object.keys(changes).length === 0) return { ...report, status: 'unchanged' };
    update.push({ before, changes });
    return { ...report, status: 'updated' };
  });
  // A file that could not be taken is not gone, so its agent stays.
  const untaken = new Set(
    reports
      .filter(({ status }) => status === 'refused' || status === 'left_out')
      .map((file) => `${options.source}/${file.path}`),
  );
  const gone = (agent: AgentEntity) =>
    agent.origin.startsWith(`${options.source}/`) &&
    !matched.has(agent.agentId) &&
    !untaken.has(agent.origin);
  return { add, update, retire: options.prune ? registry.live.filter(gone) : [], files: reports };
}

function difference(before: AgentEntity, after: AgentProfile & AgentProvenance): Partial<AgentEntity> {
  const changed = (Object.keys(after) as (keyof typeof after)[]).filter(
    (key) => !isDeepStrictEqual(before[key], after[key]),
  );
  return Object.fromEntries(changed.map((key) => [key, after[key]]));
}

/** The profile of a file. An identity nobody vouches for gets no larger limits than its role's, or the default. */
function toProfile(
  { agent, notes }: AgentFile,
  policy: Policy,
  trusted: boolean,
): { profile: AgentProfile; notes: string[] } {
  const role = policy.role(agent.role);
  const told = [...notes];
  const cap = <T extends number | null>(name: string, value: T, limit: number, whose: string): T | number => {
    if (trusted || value === null || value <= limit) return value;
    told.push(`${name} lowered to ${whose}; --trust keeps it`);
    return limit;
  };
  if (!trusted && (role.canAccessSecrets || role.canModifyAgents)) {
    told.push(
      `the role ${role.name} confers no access to secrets or registry rights here; --trust confers them`,
    );
  }
  const profile = profileOf(agent);
  const {
    maxTokensPerSession: tokens,
    maxCostPerDayMicro: cost,
    approvalThresholdMicro: threshold,
  } = profile;
  const limited = {
    maxTokensPerSession: cap('max_tokens_per_session', tokens, role.maxTokensPerSession, "the role's limit"),
    maxCostPerDayMicro: cap('max_cost_per_day', cost, role.maxCostPerDayMicro, "the role's limit"),
    approvalThresholdMicro: cap(
      'approval_threshold',
      threshold,
      toMicroUsd(DEFAULT_APPROVAL_THRESHOLD_USD),
      `the default of ${DEFAULT_APPROVAL_THRESHOLD_USD} USD`,
    ),
  };
  return { profile: { ...profile, ...limited }, notes: told };
}

function profileOf(agent: ImportedAgent): AgentProfile {
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
    maxTokensPerSession: agent.maxTokensPerSession,
    maxCostPerDayMicro: agent.maxCostPerDayUsd === null ? null : toMicroUsd(agent.maxCostPerDayUsd),
    category: agent.category,
    specialist: agent.specialist,
    metadataVersion: agent.version ?? DEFAULT_VERSION,
    tags: agent.tags,
  };
}
