import { type AgentRef, type BudgetDay, toIndexedId } from '#kernel';
import type { BudgetRules, SpendingLimits } from '#rbac';

/** The account of what names no registered agent; no agent can have this name. */
export const UNKNOWN_ACCOUNT = 'unknown';

/** All accounts together. */
export const FLEET_ACCOUNT = 'fleet';

/** All agents of a role together. */
export const roleAccount = (role: string): string => `role:${role}`;

/** What sums are kept for: an account, and a day, a month or a session. */
export interface UsageWindow {
  readonly account: string;
  readonly window: string;
}

/** A bound on what is spent in a window. */
export interface SpendingLimit extends UsageWindow {
  /** micro-USD. */
  readonly maxMicro: number;
}

/** An agent's session; null without one. @param sessionId as the client sent it. */
export function sessionOf(account: string, sessionId: string | null): UsageWindow | null {
  const id = toIndexedId(sessionId);
  return id === null ? null : { account, window: `session:${id}` };
}

/** The windows that a charge counts in; the account's day comes first. @param role of the agent; null for none. */
export function windowsOf(
  account: string,
  role: string | null,
  sessionId: string | null,
  { date, month }: BudgetDay,
): [UsageWindow, ...UsageWindow[]] {
  const session = sessionOf(account, sessionId);
  const shared = role === null ? [FLEET_ACCOUNT] : [roleAccount(role), FLEET_ACCOUNT];
  return [
    { account, window: date },
    ...(session ? [session] : []),
    ...shared.flatMap((name) => [
      { account: name, window: date },
      { account: name, window: month },
    ]),
  ];
}

/** Every limit in force on what an agent spends; its own a day comes first. */
export function limitsOf(
  agent: AgentRef,
  rules: BudgetRules,
  { date, month }: BudgetDay,
): [SpendingLimit, ...SpendingLimit[]] {
  const shared = (account: string, limits: SpendingLimits | undefined): SpendingLimit[] =>
    [
      { account, window: date, maxMicro: limits?.maxCostPerDayMicro ?? null },
      { account, window: month, maxMicro: limits?.maxCostPerMonthMicro ?? null },
    ].filter((limit): limit is SpendingLimit => limit.maxMicro !== null);
  return [
    { account: agent.agentId, window: date, maxMicro: agent.maxCostPerDayMicro },
    ...shared(roleAccount(agent.role), rules.roles.get(agent.role)),
    ...shared(FLEET_ACCOUNT, rules.fleet),
  ];
}
