import { describe, expect, it } from '@jest/globals';
import { type FleetSource, toFleetEntry } from './fleet-entry.js';

const entry = (changes: Partial<FleetSource>) =>
  toFleetEntry({
    ...{ seq: 1, agentId: 'a', agentName: 'a', agentRole: 'developer', operationType: 'tool_use' },
    ...{ source: 'reported', recordedAt: 5, costMicro: 7, tokensUsed: 8, context: null },
    ...changes,
  });

describe('an entry of the fleet', () => {
  it('charges what the ledger booked and nothing else', () => {
    const costs = (operationType: string, source: 'reported' | 'decided') => {
      const { costMicro, tokens } = entry({ operationType, source });
      return [costMicro, tokens];
    };
    expect(costs('budget.deduct', 'decided')).toEqual([7, 8]);
    // A cost metric has an entry of its charge beside its own, and so has a settlement.
    expect(costs('metric.record', 'decided')).toEqual([0, 0]);
    expect(costs('budget.settle', 'decided')).toEqual([0, 0]);
    expect(costs('tool_use', 'reported')).toEqual([0, 0]);
    expect(costs('budget.deduct', 'reported')).toEqual([0, 0]);
  });

  it('is what this service says only where this service said it', () => {
    const kind = (operationType: string, source: 'reported' | 'decided') =>
      entry({ operationType, source }).kind;
    expect(kind('agent.complete', 'decided')).toBe('completion');
    expect(kind('agent.complete', 'reported')).toBe('operation');
    expect(kind('agent.idle', 'reported')).toBe('operation');
    for (const type of ['agent.register', 'agent.update', 'access.denied', 'audit.erase'])
      expect([type, kind(type, 'decided')]).toEqual([type, 'other']);
  });

  it('is a sign of life where the agent asked, and a note where others answer it or this service adds to it', () => {
    const kind = (operationType: string) => entry({ operationType, source: 'decided' }).kind;
    expect(kind('approval.request')).toBe('account');
    for (const type of ['approval.decide', 'budget.threshold', 'budget.settle', 'tool_use.ungated'])
      expect([type, kind(type)]).toEqual([type, 'note']);
  });

  it('tells how a task ended, and up to where entries were removed', () => {
    const told = (operationType: string, context: object, source: 'reported' | 'decided' = 'decided') => {
      const { success, removedTo } = entry({ operationType, source, context: JSON.stringify(context) });
      return [success, removedTo];
    };
    expect(told('agent.complete', { success: false })).toEqual([false, null]);
    expect(told('audit.retention', { from_seq: 1, to_seq: 1024 })).toEqual([null, 1024]);
    expect(told('audit.retention', { to_seq: 1024 }, 'reported')).toEqual([null, null]);
    expect(told('audit.retention', { to_seq: null })).toEqual([null, null]);
  });
});
