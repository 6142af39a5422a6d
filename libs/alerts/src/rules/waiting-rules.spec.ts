import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ApprovalsWaitingRule } from '#rbac';
import { judgeWaiting } from './waiting-rules.js';

const NOW = Date.UTC(2026, 0, 5);
const MINUTE = 60_000;
const rule = (changes: Partial<ApprovalsWaitingRule>): ApprovalsWaitingRule => ({
  ...{ id: 'waits', when: 'approvals_waiting', severity: 'warning', repeatMs: MINUTE },
  ...{ roles: null, agents: null, forMs: null, over: null },
  ...changes,
});

const waiting = fc
  .array(
    fc.record({
      agentId: fc.constantFrom('a', 'b'),
      role: fc.constantFrom('tester', 'developer'),
      age: fc.integer({ min: 0, max: 10 * MINUTE }),
    }),
    { maxLength: 12 },
  )
  .map((items) =>
    items.map(({ agentId, role, age }, index) => ({
      ...{ approvalId: `id-${index}`, requestedAt: NOW - age },
      agent: { agentId, name: agentId, role },
    })),
  );

describe('approvals that wait', () => {
  it('are found one by one once they have waited for long', () => {
    fc.assert(
      fc.property(waiting, (all) => {
        const found = judgeWaiting(rule({ forMs: 5 * MINUTE }), all, NOW);
        const expected = all.filter(({ requestedAt }) => NOW - requestedAt >= 5 * MINUTE);
        expect(found.map(({ key, agent }) => [key, agent.agentId])).toEqual(
          expected.map(({ approvalId, agent }) => [approvalId, agent.agentId]),
        );
      }),
    );
  });

  it('are found together where there are more than so many, of those whom the rule is about', () => {
    fc.assert(
      fc.property(waiting, fc.nat({ max: 12 }), (all, over) => {
        const found = judgeWaiting(rule({ over, roles: new Set(['tester']) }), all, NOW);
        const count = all.filter(({ agent }) => agent.role === 'tester').length;
        expect(found.map(({ key, figures }) => [key, figures['waiting']])).toEqual(
          count > over ? [['approvals', count]] : [],
        );
      }),
    );
  });
});
