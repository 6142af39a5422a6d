import type { AgentRights } from '#kernel';
import type { Role } from '../policy.js';
import type { PolicyDocument } from '../policy-schema.js';
import { CommandRule } from './command-rule.js';
import { Names } from './names.js';
import { PathPatterns, PathScopes } from './path-reading.js';

export interface RoleRules {
  readonly name: string;
  readonly tools: Names;
  readonly scopes: PathScopes;
  readonly paths: readonly string[];
  readonly api: Names;
  readonly canSpawn: boolean;
  readonly canReadSecrets: boolean;
  readonly approvalFor: ReadonlySet<string>;
}

/** What an agent's own identity narrows its role to; null where it narrows nothing. */
export interface OwnRules {
  readonly allowed: Names | null;
  readonly denied: Names;
  readonly scopes: PathScopes | null;
  readonly api: Names | null;
}

export interface FileTool {
  /** The member of the input that names the file. */
  readonly path: string;
  readonly writes: boolean;
  readonly default: string | null;
  readonly globs: readonly string[];
}

export interface DestructiveRule {
  readonly id: string;
  readonly reason: string;
  readonly rule: CommandRule;
}

export interface OperationRule {
  readonly name: string;
  readonly declared: boolean;
  readonly tools: Names;
  readonly commands: readonly CommandRule[];
  readonly writes: PathPatterns;
  /** The role that may do it; null for every role. */
  readonly onlyRole: string | null;
  /** True where every role needs an approval. */
  readonly alwaysApproved: boolean;
  readonly approvers: readonly string[];
}

/** What to do with what cannot be seen, or is code of another language. */
export type Handling = PolicyDocument['commands']['opaque'];

const ALL = '*';

/** A policy, compiled to lookups: everything that a decision asks. */
export class DecisionRules {
  readonly roles: ReadonlyMap<string, RoleRules>;
  readonly unregisteredRoles: ReadonlySet<string>;
  readonly fileTools: ReadonlyMap<string, FileTool>;
  /** The member of the input that holds the command, by tool. */
  readonly commandTools: ReadonlyMap<string, string>;
  readonly spawnTools: ReadonlySet<string>;
  readonly secretFiles: PathPatterns;
  readonly protectedFiles: PathPatterns;
  readonly destructive: readonly DestructiveRule[];
  readonly writers: Names;
  readonly opaque: Handling;
  readonly interpreted: Handling;
  readonly operations: readonly OperationRule[];
  readonly approvers: readonly string[];
  readonly microPerMillionTokens: number;
  private readonly tokensByTool: ReadonlyMap<string, number>;
  private readonly tokensOtherwise: number;
  private readonly sameTools: ReadonlyMap<string, readonly string[]>;
  private readonly own = new WeakMap<AgentRights, OwnRules>();

  /** @param version what decisions name it by. */
  constructor(
    readonly version: string,
    document: PolicyDocument,
    roles: ReadonlyMap<string, Role>,
  ) {
    this.sameTools = equivalents(document.tools.same);
    this.roles = new Map([...roles].map(([name, role]) => [name, toRoleRules(role)]));
    this.unregisteredRoles = new Set(document.unregistered_roles);
    this.fileTools = new Map(
      Object.entries(document.tools.file).map(([tool, { path, writes, default: fallback, globs }]) => [
        tool,
        { path, writes, default: fallback ?? null, globs: globs ?? [] },
      ]),
    );
    this.commandTools = new Map(Object.entries(document.tools.command));
    this.spawnTools = new Set(document.tools.spawn);
    this.secretFiles = PathPatterns.compile(document.secret_files);
    this.protectedFiles = PathPatterns.compile(document.protected_files);
    this.destructive = document.commands.destructive.map(({ id, reason, match }) => ({
      id,
      reason,
      rule: CommandRule.compile(match),
    }));
    this.writers = Names.of(document.commands.writers);
    this.opaque = document.commands.opaque;
    this.interpreted = document.commands.interpreted;
    this.operations = Object.keys(document.operations).map((name) => toOperationRule(name, document));
    this.approvers = document.approvals.approvers;
    this.microPerMillionTokens = document.estimates.usd_per_million_tokens * 1e6;
    this.tokensByTool = new Map(Object.entries(document.estimates.tokens_by_tool));
    this.tokensOtherwise = document.estimates.tokens_otherwise;
  }

  /** A tool's names: its own, and those of tools that are the same. */
  namesOf(tool: string): readonly string[] {
    return this.sameTools.get(tool) ?? [tool];
  }

  /** @returns tokens. */
  estimateOf(names: readonly string[]): number {
    for (const name of names) {
      const estimate = this.tokensByTool.get(name);
      if (estimate !== undefined) return estimate;
    }
    return this.tokensOtherwise;
  }

  /** An agent's own rules; compiled once for each state of its identity. */
  rulesOf(rights: AgentRights): OwnRules {
    let rules = this.own.get(rights);
    if (!rules) {
      rules = {
        allowed: narrowing(rights.allowedTools),
        denied: Names.of(rights.deniedTools ?? []),
        scopes: scopesOf(rights.pathScopes),
        api: narrowing(rights.apiAccess),
      };
      this.own.set(rights, rules);
    }
    return rules;
  }
}

/** Null in an identity means: as the role has it; so does `*`. */
function narrowing(list: readonly string[] | null): Names | null {
  return list === null || list.includes(ALL) ? null : Names.of(list);
}

/** A scope that cannot be one, such as an absolute path, holds no file: it narrows. */
function scopesOf(patterns: readonly string[] | null): PathScopes | null {
  if (patterns === null || patterns.includes(ALL)) return null;
  return PathScopes.compile(patterns.filter(isScope));
}

function isScope(pattern: string): boolean {
  try {
    PathScopes.compile([pattern]);
    return true;
  } catch {
    return false;
  }
}

function toRoleRules(role: Role): RoleRules {
  return {
    name: role.name,
    tools: Names.of(role.tools),
    scopes: PathScopes.compile(role.paths),
    paths: role.paths,
    api: Names.of(role.apiAccess),
    canSpawn: role.canSpawnAgents,
    canReadSecrets: role.canAccessSecrets,
    approvalFor: new Set(role.requiresApprovalFor),
  };
}

function toOperationRule(name: string, document: PolicyDocument): OperationRule {
  const matcher = document.operations[name];
  const risk = document.high_risk_operations.find(({ operation }) => operation === name);
  return {
    name,
    declared: matcher?.declared ?? false,
    tools: Names.of(matcher?.tools ?? []),
    commands: (matcher?.commands ?? []).map((rule) => CommandRule.compile(rule)),
    writes: PathPatterns.compile(matcher?.writes ?? []),
    onlyRole: risk?.requires_role ?? null,
    alwaysApproved: document.approvals.always.includes(name) || risk?.requires_approval === true,
    approvers: risk?.approvers ?? document.approvals.approvers,
  };
}

/** Every tool that has equals, with all of them, itself first. */
function equivalents(same: Readonly<Record<string, string>>): Map<string, string[]> {
  const groups = new Map<string, Set<string>>();
  for (const [alias, tool] of Object.entries(same)) {
    const group = groups.get(tool) ?? groups.get(alias) ?? new Set([tool]);
    group.add(alias).add(tool);
    groups.set(tool, group).set(alias, group);
  }
  return new Map([...groups].map(([tool, group]) => [tool, [tool, ...[...group].filter((t) => t !== tool)]]));
}
