import type { Redactor } from '#kernel';
import type { AlertRule } from './alert-rule.js';
import type { DecisionRules } from './engine/decision-rules.js';

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
  'budget:reserve',
  'audit:read',
  'audit:prove',
  'audit:manage',
  'audit:erase',
  'stream:read',
  'keys:manage',
  'approvals:read',
  'approvals:decide',
  'decisions:check',
  'decisions:simulate',
  'policy:read',
  'policy:manage',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** What someone must answer for: no agent's key holds it, nor anyone while RBAC is off, whatever the policy says. */
export const ACCOUNTABLE: ReadonlySet<Permission> = new Set([
  'audit:manage',
  'audit:erase',
  'keys:manage',
  'approvals:decide',
  'policy:manage',
]);

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

/** The steps of what an agent spends on one day, as entries and policies name them. */
export const ESCALATION_STEPS = [
  'notify',
  'soft_limit',
  'exceeded',
  'pause_and_approve',
  'terminate',
] as const;
export type EscalationStepName = (typeof ESCALATION_STEPS)[number];

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

/** A policy: roles, limits, who may call what, and the rules of decisions. */
export class Policy {
  constructor(
    /** SHA-256 of the document, hex. */
    readonly version: string,
    /** The document as it is written. */
    readonly text: string,
    /** In the order of the document. */
    readonly roles: ReadonlyMap<string, Role>,
    readonly budgets: BudgetRules,
    readonly rules: DecisionRules,
    /** Takes secrets out of texts before they are stored. */
    readonly redactor: Redactor,
    /** What somebody is to be told, in the order of the document. */
    readonly alerts: readonly AlertRule[],
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
