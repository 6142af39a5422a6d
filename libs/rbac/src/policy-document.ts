import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { toMicroUsd } from '#kernel';
import {
  type BudgetRules,
  type Permission,
  PERMISSIONS,
  Policy,
  type Role,
  ROLE_NAMES,
  type RoleName,
  type SpendingLimits,
} from './policy.js';

const names = z.array(z.string().min(1));
const roleName = z.enum(ROLE_NAMES);
const permission = z.enum(PERMISSIONS);

const usd = z.number().positive();
const spendingLimits = z.strictObject({
  max_cost_per_day: usd.nullable(),
  max_cost_per_month: usd.nullable(),
});

const roleDocument = z.strictObject({
  level: z.int().min(0),
  tools: names,
  paths: names,
  api_access: names,
  can_spawn_agents: z.boolean(),
  can_modify_agents: z.boolean(),
  can_access_secrets: z.boolean(),
  requires_approval_for: names,
  max_tokens_per_session: z.int().positive(),
  max_cost_per_day: z.number().positive(),
  typical_agents: names,
});

const policyDocument = z.strictObject({
  version: z.literal(1),
  roles: z.record(roleName, roleDocument),
  also_allowed: z.strictObject({
    tools: z.record(z.string(), z.array(roleName)),
    api_access: z.record(z.string(), z.array(roleName)),
  }),
  high_risk_operations: z.array(
    z.strictObject({
      operation: z.string(),
      requires_role: roleName,
      requires_approval: z.boolean(),
      approvers: names.optional(),
      audit_required: z.boolean().optional(),
    }),
  ),
  budgets: z.strictObject({
    soft_limit: z.number().gt(0).max(1),
    escalation_usd: z.strictObject({ notify: usd, pause_and_approve: usd, terminate: usd }),
    fleet: spendingLimits,
    roles: z.partialRecord(roleName, spendingLimits),
  }),
  http_permissions: z.partialRecord(
    permission,
    z.union([z.literal('everyone'), z.literal('can_modify_agents'), z.array(roleName)]),
  ),
  agent_key_permissions: z.array(permission),
});

type PolicyDocument = z.infer<typeof policyDocument>;

function toRole(name: RoleName, document: PolicyDocument): Role {
  const role = document.roles[name];
  const also = (grants: Record<string, readonly string[]>) =>
    Object.keys(grants).filter((grant) => grants[grant]?.includes(name));
  return {
    name,
    level: role.level,
    tools: [...role.tools, ...also(document.also_allowed.tools)],
    paths: role.paths,
    apiAccess: [...role.api_access, ...also(document.also_allowed.api_access)],
    canSpawnAgents: role.can_spawn_agents,
    canModifyAgents: role.can_modify_agents,
    canAccessSecrets: role.can_access_secrets,
    requiresApprovalFor: role.requires_approval_for,
    maxTokensPerSession: role.max_tokens_per_session,
    maxCostPerDayMicro: toMicroUsd(role.max_cost_per_day),
    typicalAgents: role.typical_agents,
  };
}

function toSpendingLimits(limits: z.infer<typeof spendingLimits>): SpendingLimits {
  const micro = (amount: number | null) => (amount === null ? null : toMicroUsd(amount));
  return {
    maxCostPerDayMicro: micro(limits.max_cost_per_day),
    maxCostPerMonthMicro: micro(limits.max_cost_per_month),
  };
}

function toBudgetRules({ budgets }: PolicyDocument): BudgetRules {
  const { notify, pause_and_approve: pause, terminate } = budgets.escalation_usd;
  return {
    softLimit: budgets.soft_limit,
    notifyMicro: toMicroUsd(notify),
    pauseMicro: toMicroUsd(pause),
    terminateMicro: toMicroUsd(terminate),
    fleet: toSpendingLimits(budgets.fleet),
    roles: new Map(Object.entries(budgets.roles).map(([role, limits]) => [role, toSpendingLimits(limits)])),
  };
}

function permissionsOf(role: Role, document: PolicyDocument): Set<Permission> {
  return new Set(
    PERMISSIONS.filter((name) => {
      const holders = document.http_permissions[name] ?? [];
      if (holders === 'everyone') return true;
      return holders === 'can_modify_agents' ? role.canModifyAgents : holders.includes(role.name);
    }),
  );
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0, schema: 'core' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The policy is not valid:\n${reason}`, { cause: error });
  }
}

/** Checks and compiles a policy document. @throws Error naming every part that is wrong. */
export function compilePolicy(yaml: string): Policy {
  const parsed = policyDocument.safeParse(parseYaml(yaml));
  if (!parsed.success) throw new Error(`The policy is not valid:\n${z.prettifyError(parsed.error)}`);
  const document = parsed.data;
  const roles = (Object.keys(document.roles) as RoleName[]).map((name) => toRole(name, document));
  return new Policy(
    new Map(roles.map((role) => [role.name, role])),
    toBudgetRules(document),
    new Map(roles.map((role) => [role.name, permissionsOf(role, document)])),
    new Set(document.agent_key_permissions),
  );
}

export function loadPolicy(file: string): Policy {
  return compilePolicy(readFileSync(file, 'utf8'));
}
