import type { EscalationStepName } from './policy.js';

/** What can be alerted to. */
export const ALERT_KINDS = [
  'denials',
  'budget_step',
  'failure_rate',
  'unknown_agent',
  'approvals_waiting',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const ALERT_SEVERITIES = ['info', 'warning', 'critical'] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** What every rule states. */
interface AlertRuleOf<Kind extends AlertKind> {
  readonly id: string;
  readonly when: Kind;
  readonly severity: AlertSeverity;
  /** How long it is quiet about what it has told, milliseconds. */
  readonly repeatMs: number;
  /** Only about agents of these roles; null for all. */
  readonly roles: ReadonlySet<string> | null;
  /** Only about these agents, by name or id; null for all. */
  readonly agents: ReadonlySet<string> | null;
}

/** One agent is denied more than so often. */
export interface DenialsRule extends AlertRuleOf<'denials'> {
  readonly over: number;
  readonly withinMs: number;
}

/** What one agent spends takes it over a step of its day. */
export interface BudgetStepRule extends AlertRuleOf<'budget_step'> {
  readonly steps: ReadonlySet<EscalationStepName>;
}

/** Of the tasks that one agent ended, more than a share failed. */
export interface FailureRateRule extends AlertRuleOf<'failure_rate'> {
  /** From 0 to 1. */
  readonly over: number;
  readonly withinMs: number;
  /** Fewer tasks say nothing. */
  readonly atLeast: number;
}

/** Somebody names an agent that is not registered. */
export type UnknownAgentRule = AlertRuleOf<'unknown_agent'>;

/** An approval waits for so long, or more than so many wait at once: one of the two. */
export interface ApprovalsWaitingRule extends AlertRuleOf<'approvals_waiting'> {
  readonly forMs: number | null;
  readonly over: number | null;
}

export type AlertRule =
  DenialsRule | BudgetStepRule | FailureRateRule | UnknownAgentRule | ApprovalsWaitingRule;
