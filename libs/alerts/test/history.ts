import fc from 'fast-check';
import type { AlertRule } from '#rbac';
import type { WatchedEntry } from '../src/watched-entry.js';

const MINUTE = 60_000;
export const START = Date.UTC(2026, 0, 5);
const COMMON = { severity: 'warning', roles: null, agents: null } as const;

/** Rules of each kind that entries meet, with bounds so low that short histories meet them. */
export const RULES: readonly AlertRule[] = [
  { ...COMMON, id: 'often', when: 'denials', over: 2, withinMs: 5 * MINUTE, repeatMs: 4 * MINUTE },
  { ...COMMON, id: 'once', when: 'denials', over: 0, withinMs: MINUTE, repeatMs: 30 * MINUTE },
  {
    ...{ ...COMMON, id: 'testers', when: 'denials', over: 1, withinMs: 20 * MINUTE, repeatMs: MINUTE },
    roles: new Set(['tester']),
  },
  {
    ...{ ...COMMON, id: 'failing', when: 'failure_rate', over: 0.5, withinMs: 10 * MINUTE },
    ...{ atLeast: 3, repeatMs: 5 * MINUTE },
  },
  {
    ...{ ...COMMON, id: 'failing-b', when: 'failure_rate', over: 0, withinMs: 3 * MINUTE },
    ...{ atLeast: 1, repeatMs: 2 * MINUTE, agents: new Set(['b']) },
  },
  {
    ...{ ...COMMON, id: 'spent', when: 'budget_step', repeatMs: 10 * MINUTE },
    steps: new Set(['notify', 'terminate'] as const),
  },
];

const WHAT = [
  { operationType: 'rbac.check', decision: 'denied', operationDetail: 'Read', context: null },
  { operationType: 'rbac.check', decision: 'allowed', operationDetail: 'Read', context: null },
  {
    ...{ operationType: 'agent.complete', decision: 'allowed', operationDetail: 'a' },
    context: { session_id: '"success":false', task: null, success: true },
  },
  {
    ...{ operationType: 'agent.complete', decision: 'allowed', operationDetail: 'a' },
    context: { session_id: null, task: '"success":true', success: false },
  },
  {
    ...{ operationType: 'budget.threshold', decision: 'allowed', operationDetail: 'notify' },
    context: { step: 'notify', cost_used_today: 10, limit: 10 },
  },
  {
    ...{ operationType: 'budget.threshold', decision: 'allowed', operationDetail: 'terminate' },
    context: { step: 'terminate', cost_used_today: 50, limit: 50 },
  },
] as const;

/** Log entries whose times mostly rise with their order. */
export const historiesOf = (minLength: number): fc.Arbitrary<WatchedEntry[]> =>
  fc
    .array(
      fc.record({
        what: fc.constantFrom(...WHAT),
        agentId: fc.constantFrom('a', 'b', 'c', 'system'),
        role: fc.constantFrom('tester', 'developer'),
        step: fc.oneof(
          { weight: 8, arbitrary: fc.integer({ min: 0, max: 3 * MINUTE }) },
          { weight: 1, arbitrary: fc.integer({ min: -50_000, max: 0 }) },
          { weight: 1, arbitrary: fc.constantFrom(MINUTE, 5 * MINUTE, 30 * MINUTE) },
        ),
      }),
      { minLength, maxLength: 60 },
    )
    .map((items) => {
      let at = START;
      return items.map(({ what, agentId, role, step }, index) => ({
        ...{ seq: index + 1, auditId: `id-${index + 1}`, traceId: `trace-${index + 1}`, at: (at += step) },
        ...{ agent: { agentId, name: agentId, role }, ...what },
      }));
    });
