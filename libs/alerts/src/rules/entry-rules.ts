import type { AlertRule, BudgetStepRule, DenialsRule, FailureRateRule, UnknownAgentRule } from '#rbac';
import type { Observation, WatchedEntry } from '../watched-entry.js';
import { type Finding, minutesOf, windowBefore } from './finding.js';
import type { SlidingWindow } from './sliding-window.js';

/** What cannot be registered: whoever says so names nobody. */
const NOBODY = new Set(['', 'unknown', 'system', 'main']);

export function isDenial({ decision, agent }: WatchedEntry): boolean {
  return decision === 'denied' && agent.agentId !== 'system';
}

/** The end of a task; null for anything else, and where it is not known any more how it ended. */
export function completionOf({ operationType, at, context }: WatchedEntry): Observation | null {
  const success = context?.['success'];
  if (operationType !== 'agent.complete' || typeof success !== 'boolean') return null;
  return { at, failed: !success };
}

/** Whom an entry names that is not registered; null where it names nobody, or somebody who is. */
export function unknownAgentOf({ operationType, agent, context }: WatchedEntry): string | null {
  if (context === null) return null;
  let name: unknown = null;
  if (operationType === 'rbac.check') {
    const subject = context['subject'] as { rights?: unknown } | undefined;
    if (subject?.rights === null) name = agent.agentId;
  } else if (operationType === 'budget.deduct' && agent.agentId === 'unknown') {
    name = context['claimed_agent'];
  }
  return typeof name === 'string' && !NOBODY.has(name) ? name : null;
}

export function judgeDenials(rule: DenialsRule, entry: WatchedEntry, window: SlidingWindow): Finding | null {
  if (!isDenial(entry)) return null;
  const denials = window.within(entry.at, rule.withinMs).length;
  if (denials <= rule.over) return null;
  const minutes = minutesOf(rule.withinMs);
  return findingOf(rule, entry, {
    message: `${entry.agent.name} was denied ${denials} times within ${minutes} minutes.`,
    figures: { denials, over: rule.over, within_minutes: minutes },
    window: windowBefore(entry.at, rule.withinMs),
  });
}

export function judgeFailureRate(
  rule: FailureRateRule,
  entry: WatchedEntry,
  window: SlidingWindow,
): Finding | null {
  if (!completionOf(entry)) return null;
  const tasks = window.within(entry.at, rule.withinMs);
  const failures = tasks.filter(({ failed }) => failed).length;
  if (tasks.length < rule.atLeast || failures / tasks.length <= rule.over) return null;
  const minutes = minutesOf(rule.withinMs);
  return findingOf(rule, entry, {
    message: `${failures} of ${tasks.length} tasks of ${entry.agent.name} failed within ${minutes} minutes.`,
    figures: {
      ...{ failures, completions: tasks.length, over: rule.over },
      ...{ at_least: rule.atLeast, within_minutes: minutes },
    },
    window: windowBefore(entry.at, rule.withinMs),
  });
}

export function judgeBudgetStep(rule: BudgetStepRule, entry: WatchedEntry): Finding | null {
  const { operationType, operationDetail: step, context, agent } = entry;
  if (operationType !== 'budget.threshold' || step === null) return null;
  if (!(rule.steps as ReadonlySet<string>).has(step)) return null;
  const { cost_used_today: spent = 0, limit = 0 } = (context ?? {}) as Record<string, number>;
  return findingOf(rule, entry, {
    // Another step of the same day is other news.
    key: JSON.stringify([agent.agentId, step]),
    message: `${agent.name} reached the step ${step} of its budget: ${spent} USD today.`,
    figures: { step, cost_used_today: spent, limit },
  });
}

export function judgeUnknownAgent(rule: UnknownAgentRule, entry: WatchedEntry): Finding | null {
  const name = unknownAgentOf(entry);
  if (name === null) return null;
  return findingOf(rule, entry, {
    subject: name,
    message: `${name} is not registered, and was named in ${entry.operationType}.`,
    figures: { operation_type: entry.operationType },
  });
}

function findingOf(
  rule: AlertRule,
  { agent, at, auditId, traceId }: WatchedEntry,
  said: Pick<Finding, 'message' | 'figures'> & Partial<Finding>,
): Finding {
  const subject = said.subject ?? agent.agentId;
  return { rule, subject, key: subject, agent, at, window: null, cause: { auditId, traceId }, ...said };
}
