import type { EventDraft } from '#kernel';
import { MANY, MOST_SUBJECTS } from './raised-alerts.js';
import { type Finding, minutesOf } from './rules/finding.js';
import { SYSTEM_AGENT } from './watched-entry.js';

/** What an alert's entry says; it is also the data of its frame. */
export interface AlertContext {
  readonly rule: string;
  readonly severity: string;
  readonly subject: string;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly message: string;
  readonly figures: Readonly<Record<string, string | number>>;
  /** ISO 8601 UTC. */
  readonly window: { readonly from: string; readonly to: string } | null;
  /** The entry with which the rule was met. */
  readonly event_id: string | null;
}

/** What the operation types of alerts begin with. */
export const ALERT_PREFIX = 'alert.';

export function toAlertEntry(finding: Finding): EventDraft {
  const { rule, subject, agent, message, figures, window, cause } = finding;
  const context: AlertContext = {
    ...{ rule: rule.id, severity: rule.severity, subject },
    ...{ agent_id: agent.agentId, agent_name: agent.name },
    ...{ message, figures, window, event_id: cause?.auditId ?? null },
  };
  return {
    agent,
    operationType: ALERT_PREFIX + rule.when,
    operationDetail: message,
    targetResource: rule.id,
    targetType: 'alert_rule',
    // Nothing was decided about a right: what is denied is counted by rules.
    decision: 'unknown',
    context: JSON.stringify(context),
    source: 'decided',
    outcome: rule.severity,
  };
}

/** Where more subjects meet a rule than are told one by one. */
export function toManyEntry(finding: Finding): EventDraft {
  const minutes = minutesOf(finding.rule.repeatMs);
  return toAlertEntry({
    ...finding,
    ...{ subject: MANY, agent: SYSTEM_AGENT, window: null },
    message: `More than ${MOST_SUBJECTS} subjects met the rule ${finding.rule.id} within ${minutes} minutes; the others are not told one by one.`,
    figures: { subjects: MOST_SUBJECTS, repeat_after_minutes: minutes },
  });
}
