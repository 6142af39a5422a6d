import { z } from 'zod';
import { ALERT_SEVERITIES, type AlertRule } from './alert-rule.js';
import { ESCALATION_STEPS, ROLE_NAMES } from './policy.js';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** What an alert may be about is kept for so long at the most. */
export const MAX_REPEAT_MINUTES = 7 * DAY_MINUTES;
/** Of one agent so many entries are counted at the most. */
export const MAX_COUNTED = 1_000;

const window = z.int().min(1).max(DAY_MINUTES);

const common = {
  id: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'expected small letters, digits and _'),
  severity: z.enum(ALERT_SEVERITIES).default('warning'),
  repeat_after_minutes: z.int().min(1).max(MAX_REPEAT_MINUTES).default(60),
  roles: z
    .array(z.enum([...ROLE_NAMES, 'unknown']))
    .min(1)
    .optional(),
  agents: z.array(z.string().min(1).max(256)).min(1).max(1_000).optional(),
};

const denials = z.strictObject({
  ...common,
  when: z.literal('denials'),
  over: z
    .int()
    .min(0)
    .max(MAX_COUNTED - 1),
  within_minutes: window,
});

const budgetStep = z.strictObject({
  ...common,
  when: z.literal('budget_step'),
  steps: z.array(z.enum(ESCALATION_STEPS)).min(1),
});

const failureRate = z.strictObject({
  ...common,
  when: z.literal('failure_rate'),
  over: z.number().min(0).lt(1),
  within_minutes: window,
  at_least: z.int().min(1).max(MAX_COUNTED),
});

const unknownAgent = z.strictObject({ ...common, when: z.literal('unknown_agent') });

const approvalsWaiting = z
  .strictObject({
    ...common,
    when: z.literal('approvals_waiting'),
    for_minutes: window.optional(),
    over: z
      .int()
      .min(0)
      .max(MAX_COUNTED - 1)
      .optional(),
  })
  .refine(({ for_minutes: minutes, over }) => (minutes === undefined) !== (over === undefined), {
    error: 'expected one of for_minutes and over',
  });

const alertRule = z.discriminatedUnion('when', [
  denials,
  budgetStep,
  failureRate,
  unknownAgent,
  approvalsWaiting,
]);

/** The section `alerts` of a policy. */
export const alertRules = z
  .array(alertRule)
  .max(100)
  .superRefine((rules, ctx) => {
    const ids = rules.map(({ id }) => id);
    ids.forEach((id, index) => {
      if (ids.indexOf(id) < index)
        ctx.addIssue({
          code: 'custom',
          message: `Two rules have the id "${id}": expected one of its own for each`,
          path: [index, 'id'],
        });
    });
  });

export type AlertRuleDocument = z.infer<typeof alertRule>;

export function toAlertRule(document: AlertRuleDocument): AlertRule {
  const about = {
    id: document.id,
    severity: document.severity,
    repeatMs: document.repeat_after_minutes * MINUTE_MS,
    roles: document.roles ? new Set<string>(document.roles) : null,
    agents: document.agents ? new Set(document.agents) : null,
  };
  switch (document.when) {
    case 'denials':
      return {
        ...about,
        when: document.when,
        over: document.over,
        withinMs: document.within_minutes * MINUTE_MS,
      };
    case 'budget_step':
      return { ...about, when: document.when, steps: new Set(document.steps) };
    case 'failure_rate':
      return {
        ...about,
        ...{ when: document.when, over: document.over, atLeast: document.at_least },
        withinMs: document.within_minutes * MINUTE_MS,
      };
    case 'unknown_agent':
      return { ...about, when: document.when };
    case 'approvals_waiting':
      return {
        ...about,
        ...{ when: document.when, over: document.over ?? null },
        forMs: document.for_minutes === undefined ? null : document.for_minutes * MINUTE_MS,
      };
  }
}
