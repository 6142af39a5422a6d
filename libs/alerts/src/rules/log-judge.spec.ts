import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { UnknownAgentRule } from '#rbac';
import { expectedAlerts, meets } from '../../test/expected-alerts.js';
import { historiesOf, RULES, START } from '../../test/history.js';
import { RaisedAlerts } from '../raised-alerts.js';
import { COUNTED_KINDS, type WatchedEntry } from '../watched-entry.js';
import type { Finding } from './finding.js';
import { countedOf, LogJudge } from './log-judge.js';

/** Judges a history in parts, each by a judge that is told what went before, as after a restart. */
function judgeInParts(log: readonly WatchedEntry[], cuts: readonly number[]): Finding[] {
  const ends = [...cuts.map((cut) => cut % (log.length + 1)), log.length].sort((a, b) => a - b);
  return ends.flatMap((end, index) => {
    const from = ends[index - 1] ?? 0;
    const judge = new LogJudge(RULES);
    for (const kind of COUNTED_KINDS)
      for (const agent of ['a', 'b', 'c', 'system']) {
        const seen = log
          .slice(0, from)
          .filter((entry) => entry.agent.agentId === agent)
          .map(countedOf);
        judge.recall(
          kind,
          agent,
          seen.flatMap((counted) => (counted?.kind === kind ? [counted.observation] : [])),
        );
      }
    return log.slice(from, end).flatMap((entry) => judge.judge(entry));
  });
}

const seqOf = ({ cause }: Finding): number => Number(cause?.auditId.slice('id-'.length));

describe('judging the log', () => {
  it('finds what looking at all entries anew finds, wherever it was broken off', () => {
    fc.assert(
      fc.property(historiesOf(0), fc.array(fc.nat({ max: 1_000 }), { maxLength: 4 }), (log, cuts) => {
        const found = judgeInParts(log, cuts).map((finding) => [finding.rule.id, seqOf(finding)]);
        const met = log.flatMap((entry) =>
          RULES.filter(
            (rule) =>
              (!rule.roles || rule.roles.has(entry.agent.role)) &&
              (!rule.agents || rule.agents.has(entry.agent.name)) &&
              meets(rule, entry, log),
          ).map((rule) => [rule.id, entry.seq]),
        );
        expect(found).toEqual(met);
      }),
      { numRuns: 300 },
    );
  });

  it('tells each once within its time', () => {
    fc.assert(
      fc.property(historiesOf(0), (log) => {
        const raised = new RaisedAlerts([]);
        const told = judgeInParts(log, []).filter((finding) => raised.take(finding) !== null);
        expect(
          told.map((finding) => ({
            ...{ rule: finding.rule.id, agent: finding.agent.agentId, seq: seqOf(finding) },
          })),
        ).toEqual(expectedAlerts(RULES, log));
      }),
      { numRuns: 300 },
    );
  });

  const check = (changes: Partial<WatchedEntry>): WatchedEntry => ({
    ...{ seq: 1, auditId: 'id-1', traceId: 't', at: START, operationType: 'rbac.check' },
    ...{ agent: { agentId: 'stranger', name: 'stranger', role: 'unknown' }, operationDetail: null },
    ...{ decision: 'allowed', context: { subject: { rights: null } } },
    ...changes,
  });
  const UNKNOWN: UnknownAgentRule = {
    ...{ id: 'strangers', severity: 'info', repeatMs: 60_000, roles: null, agents: null },
    when: 'unknown_agent',
  };
  const subjectsOf = (entry: WatchedEntry): string[] =>
    new LogJudge([UNKNOWN]).judge(entry).map(({ subject }) => subject);

  it.each<[string, Partial<WatchedEntry>, string[]]>([
    ['a check for one who is not registered', {}, ['stranger']],
    ['a check for one who is', { context: { subject: { rights: {} } } }, []],
    ['a check whose texts were erased', { context: null }, []],
    ['a check for nobody', { agent: { agentId: 'unknown', name: 'unknown', role: 'unknown' } }, []],
    ['a check for the main session', { agent: { agentId: 'main', name: 'main', role: 'unknown' } }, []],
    ['a check that only names such rights', { context: { rights: null, subject: {} } }, []],
    [
      'a charge that names one who is not registered',
      {
        ...{ operationType: 'budget.deduct', context: { claimed_agent: 'stranger' } },
        agent: { agentId: 'unknown', name: 'unknown', role: 'unknown' },
      },
      ['stranger'],
    ],
    [
      'a charge that names nobody',
      {
        ...{ operationType: 'budget.deduct', context: {} },
        agent: { agentId: 'unknown', name: 'unknown', role: 'unknown' },
      },
      [],
    ],
    [
      'a charge of an agent that claims to be another',
      {
        ...{ operationType: 'budget.deduct', context: { claimed_agent: 'stranger' } },
        agent: { agentId: 'id', name: 'coder', role: 'developer' },
      },
      [],
    ],
  ])('of unknown agents sees %s as it is', (_what, changes, subjects) => {
    expect(subjectsOf(check(changes))).toEqual(subjects);
  });
});
