import type { AlertRule } from '#rbac';
import type { WatchedEntry } from '../src/watched-entry.js';

/** What is told of a history, by the words of the guide: every entry is looked at anew, and nothing is kept. */
export interface ExpectedAlert {
  readonly rule: string;
  readonly agent: string;
  readonly seq: number;
}

const within = (entry: WatchedEntry, other: WatchedEntry, ms: number): boolean =>
  other.seq <= entry.seq && other.at > entry.at - ms && other.at <= entry.at + 60_000;

/** Whether an entry meets a rule, seen from all entries of the log. */
export function meets(rule: AlertRule, entry: WatchedEntry, log: readonly WatchedEntry[]): boolean {
  const own = log.filter(({ agent }) => agent.agentId === entry.agent.agentId);
  if (rule.when === 'denials') {
    const denials = own.filter((other) => other.decision === 'denied' && within(entry, other, rule.withinMs));
    return entry.decision === 'denied' && entry.agent.agentId !== 'system' && denials.length > rule.over;
  }
  if (rule.when === 'failure_rate') {
    const tasks = own.filter(
      (other) => other.operationType === 'agent.complete' && within(entry, other, rule.withinMs),
    );
    const failed = tasks.filter(({ context }) => context?.['success'] === false).length;
    const enough = tasks.length >= rule.atLeast && failed / tasks.length > rule.over;
    return entry.operationType === 'agent.complete' && enough;
  }
  if (rule.when === 'budget_step')
    return (
      entry.operationType === 'budget.threshold' && [...rule.steps].some((s) => s === entry.operationDetail)
    );
  return false;
}

/** The first of a rule, agent (and step), then none for the time of its repeat. */
export function expectedAlerts(rules: readonly AlertRule[], log: readonly WatchedEntry[]): ExpectedAlert[] {
  const told: (ExpectedAlert & { at: number; step: string | null })[] = [];
  for (const entry of log) {
    for (const rule of rules) {
      if (rule.roles && !rule.roles.has(entry.agent.role)) continue;
      if (rule.agents && !rule.agents.has(entry.agent.name) && !rule.agents.has(entry.agent.agentId))
        continue;
      if (!meets(rule, entry, log)) continue;
      const step = rule.when === 'budget_step' ? entry.operationDetail : null;
      const last = told.findLast(
        (alert) => alert.rule === rule.id && alert.agent === entry.agent.agentId && alert.step === step,
      );
      if (last && Math.abs(entry.at - last.at) < rule.repeatMs) continue;
      told.push({ rule: rule.id, agent: entry.agent.agentId, seq: entry.seq, at: entry.at, step });
    }
  }
  return told.map(({ rule, agent, seq }) => ({ rule, agent, seq }));
}
