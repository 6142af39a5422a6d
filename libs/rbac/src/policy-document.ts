import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Config, DATA_FOLDER } from '#config';
import {
  BUILT_IN_FORMS,
  BUILT_IN_REDACTION,
  NO_REDACTION,
  Redactor,
  SECRET_NAMES,
  toMicroUsd,
} from '#kernel';
import { toAlertRule } from './alert-rule-document.js';
import { DecisionRules } from './engine/decision-rules.js';
import {
  type BudgetRules,
  type Permission,
  PERMISSIONS,
  Policy,
  type Role,
  type RoleName,
  type SpendingLimits,
} from './policy.js';
import { type PolicyDocument, policySchema, type SpendingLimitsDocument } from './policy-schema.js';

/** A larger text is no policy. */
const MAX_BYTES = 1024 * 1024;

type Place = readonly PropertyKey[];

/** A policy that cannot be used; names each part that is wrong, its place, and what is allowed there. */
export class InvalidPolicy extends Error {
  constructor(
    readonly problems: readonly string[],
    options?: ErrorOptions,
  ) {
    super(`The policy is not valid:\n${problems.join('\n')}`, options);
    this.name = 'InvalidPolicy';
  }
}

/**
 * Checks and compiles a policy document.
 * @param name of the file, for places such as `default.yaml:12:5`.
 * @throws InvalidPolicy
 */
export function compilePolicy(yaml: string, name = 'policy'): Policy {
  const document = checked(yaml, name);
  const roles = new Map(
    (Object.keys(document.roles) as RoleName[]).map((role) => [role, toRole(role, document)]),
  );
  const version = createHash('sha256').update(yaml).digest('hex');
  return new Policy(
    version,
    yaml,
    roles,
    toBudgetRules(document),
    new DecisionRules(version, document, roles),
    toRedactor(document),
    (document.alerts ?? []).map(toAlertRule),
    new Map([...roles].map(([name, role]) => [name, permissionsOf(role, document)])),
    new Set(document.agent_key_permissions),
  );
}

/** The file of the policy: the configured one, or the one that comes with the package. */
export function policyFile(config: Pick<Config, 'policyFile'>): string {
  return config.policyFile ?? join(DATA_FOLDER, 'policy', 'default.yaml');
}

/** @throws InvalidPolicy; Error where the file cannot be read. */
export function loadPolicy(file: string): Policy {
  return compilePolicy(readFileSync(file, 'utf8'), basename(file));
}

function checked(yaml: string, name: string): PolicyDocument {
  if (Buffer.byteLength(yaml) > MAX_BYTES)
    throw new InvalidPolicy([`${name}: larger than ${MAX_BYTES} bytes`]);
  const lines = new LineCounter();
  const document = parseDocument(yaml, { schema: 'core', lineCounter: lines, prettyErrors: false });
  const where = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new InvalidPolicy(document.errors.map(({ pos, message }) => `${where(pos[0])}: ${message}`));
  }
  const parsed = policySchema.safeParse(toPlain(document, name));
  const problems = parsed.success ? findDangling(parsed.data) : parsed.error.issues.flatMap(toProblems);
  if (problems.length > 0) {
    throw new InvalidPolicy(
      problems.map(
        ({ path, message }) => `${where(offsetOf(document, path))}: ${message}, at ${toText(path)}`,
      ),
    );
  }
  return parsed.data as PolicyDocument;
}

function toPlain(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidPolicy([`${name}: ${reason}`], { cause: error });
  }
}

interface Problem {
  readonly path: Place;
  readonly message: string;
}

/** Members that nobody knows are named one by one, each at its own place. */
function toProblems(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code !== 'unrecognized_keys') return [issue];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: `Unrecognized key: "${key}"` }));
}

/** Operations that are named somewhere and that nothing could ever match. */
function findDangling(document: PolicyDocument): Problem[] {
  const problems: Problem[] = [];
  const known = Object.keys(document.operations);
  const check = (name: string, path: Place): void => {
    if (!known.includes(name))
      problems.push({ path, message: `No operation "${name}": expected one of ${known.join(', ')}` });
  };
  for (const [role, { requires_approval_for: names }] of Object.entries(document.roles))
    names.forEach((name, index) => check(name, ['roles', role, 'requires_approval_for', index]));
  document.approvals.always.forEach((name, index) => check(name, ['approvals', 'always', index]));
  document.high_risk_operations.forEach(({ operation }, index) =>
    check(operation, ['high_risk_operations', index, 'operation']),
  );
  for (const [name, { declared, tools, commands, writes }] of Object.entries(document.operations)) {
    if (!declared && !tools?.length && !commands?.length && !writes?.length)
      problems.push({
        path: ['operations', name],
        message: 'Nothing can match it: expected declared, tools, commands or writes',
      });
  }
  return problems;
}

/** Where the innermost part of `path` stands that is there at all. */
function offsetOf(document: Document, path: Place): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === String(key)) : undefined;
    const node = pair ? pair.key : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function toText(path: Place): string {
  return path.reduce<string>(
    (text, part) =>
      text + (typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${String(part)}`),
    '',
  );
}

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

function toSpendingLimits(limits: SpendingLimitsDocument): SpendingLimits {
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

function toRedactor({ redaction }: PolicyDocument): Redactor {
  if (!redaction) return BUILT_IN_REDACTION;
  if (!redaction.enabled) return NO_REDACTION;
  const { patterns, keys } = redaction;
  if (patterns.length === 0 && keys.length === 0) return BUILT_IN_REDACTION;
  const own = patterns.map(({ kind, pattern, ignore_case: ignoreCase }) => ({ kind, pattern, ignoreCase }));
  return new Redactor([...own, ...BUILT_IN_FORMS], [...SECRET_NAMES, ...keys]);
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
