/** The ten roles of the contract. */
export const ROLE_NAMES = [
  'admin',
  'developer',
  'reviewer',
  'security',
  'database',
  'frontend',
  'backend',
  'tester',
  'analyst',
  'coordinator',
] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

/** What a handler may ask for. */
export const PERMISSIONS = [
  'agents:read',
  'agents:write',
  'agents:activate',
  'metrics:read',
  'metrics:write',
  'events:write',
  'budget:read',
  'budget:charge',
  'audit:read',
  'stream:read',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** One role, as the policy document states it. */
export interface Role {
  readonly name: RoleName;
  readonly level: number;
  readonly tools: readonly string[];
  readonly paths: readonly string[];
  readonly apiAccess: readonly string[];
  readonly canSpawnAgents: boolean;
  readonly canModifyAgents: boolean;
  readonly canAccessSecrets: boolean;
  readonly requiresApprovalFor: readonly string[];
  readonly maxTokensPerSession: number;
  /** micro-USD. */
  readonly maxCostPerDayMicro: number;
  readonly typicalAgents: readonly string[];
}

/** What may be spent; null where nothing is set. Amounts in micro-USD. */
export interface SpendingLimits {
  readonly maxCostPerDayMicro: number | null;
  readonly maxCostPerMonthMicro: number | null;
}

/** Limits beside those of each agent, and what happens on the way to them. */
export interface BudgetRules {
  /** The share of a day's limit at which an account is told to slow down. */
  readonly softLimit: number;
  /** What an account spends on one day, micro-USD, before someone is told, it pauses, it ends. */
  readonly notifyMicro: number;
  readonly pauseMicro: number;
  readonly terminateMicro: number;
  /** All accounts together. */
  readonly fleet: SpendingLimits;
  /** All agents of a role together, by role. */
  readonly roles: ReadonlyMap<string, SpendingLimits>;
}

/** The policy in force: roles, and who may call what. Decides nothing about tools and paths yet. */
export class Policy {
  constructor(
    /** In the order of the document. */
    readonly roles: ReadonlyMap<string, Role>,
    readonly budgets: BudgetRules,
    private readonly permissionsOfRole: ReadonlyMap<string, ReadonlySet<Permission>>,
    private readonly permissionsOfAgentKeys: ReadonlySet<Permission>,
  ) {}

  /** @throws RangeError for a name that is none of the ten. */
  role(name: string): Role {
    const role = this.roles.get(name);
    if (!role) throw new RangeError(`unknown role ${name}`);
    return role;
  }

  roleAllows(role: string, permission: Permission): boolean {
    return this.permissionsOfRole.get(role)?.has(permission) ?? false;
  }

  agentKeyAllows(permission: Permission): boolean {
    return this.permissionsOfAgentKeys.has(permission);
  }
}
