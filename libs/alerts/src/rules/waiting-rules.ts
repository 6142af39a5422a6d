import type { WaitingApproval } from '#kernel';
import type { ApprovalsWaitingRule } from '#rbac';
import { SYSTEM_AGENT } from '../watched-entry.js';
import { type Finding, isAbout, minutesOf, windowBefore } from './finding.js';

/** @param waiting oldest first. @param now milliseconds UTC. */
export function judgeWaiting(
  rule: ApprovalsWaitingRule,
  waiting: readonly WaitingApproval[],
  now: number,
): Finding[] {
  const meant = waiting.filter(({ agent }) => isAbout(rule, agent));
  const { forMs, over } = rule;
  if (forMs !== null) {
    return meant
      .filter(({ requestedAt }) => requestedAt <= now - forMs)
      .map((approval) => toLongWaiting(rule, approval, forMs, now));
  }
  if (over === null || meant.length <= over) return [];
  const about = { rule, subject: 'approvals', key: 'approvals', agent: SYSTEM_AGENT, at: now };
  return [
    {
      ...about,
      message: `${meant.length} approvals wait at once.`,
      figures: { waiting: meant.length, over },
      ...{ window: null, cause: null },
    },
  ];
}

function toLongWaiting(
  rule: ApprovalsWaitingRule,
  { approvalId, agent, requestedAt }: WaitingApproval,
  forMs: number,
  now: number,
): Finding {
  const about = { rule, subject: approvalId, key: approvalId, agent, at: now, cause: null };
  return {
    ...about,
    message: `An approval that ${agent.name} needs has waited for ${minutesOf(forMs)} minutes.`,
    figures: { approval_id: approvalId, for_minutes: minutesOf(forMs) },
    window: windowBefore(now, now - requestedAt),
  };
}
