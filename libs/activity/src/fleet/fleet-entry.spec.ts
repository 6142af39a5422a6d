import { describe, expect, it } from '@jest/globals';
import { type FleetLogRow, toFleetEntry } from './fleet-entry.js';

const entry = (changes: Partial<FleetLogRow>) =>
  toFleetEntry({
    ...{ seq: 1, agent_id: 'a', agent_name: 'a', agent_role: 'developer', operation_type: 'tool_use' },
    ...{ source: 'reported', recorded_at: 5, cost_micro: 7, tokens_used: 8, context: null },
    ...changes,
  });

describe('an entry of the fleet', () => {
  it('charges what the ledger booked and nothing else', () => {
    const costs = (operation_type: string, source: 'reported' | 'decided') => {
      const { costMicro, tokens } = entry({ operation_type, source });
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
    const kind = (operation_type: string, source: 'reported' | 'decided') =>
      entry({ operation_type, source }).kind;
    expect(kind('agent.complete', 'decided')).toBe('completion');
    expect(kind('agent.complete', 'reported')).toBe('operation');
    expect(kind('agent.idle', 'reported')).toBe('operation');
    for (const type of [
      'agent.register',
      'agent.update',
      'access.denied',
      'audit.erase',
      'approval.decide',
      'budget.threshold',
    ])
      expect([type, kind(type, 'decided')]).toEqual([type, 'other']);
  });

  it('tells how a task ended, and up to where entries were removed', () => {
    const told = (operation_type: string, context: object, source: 'reported' | 'decided' = 'decided') => {
      const { success, removedTo } = entry({ operation_type, source, context: JSON.stringify(context) });
      return [success, removedTo];
    };
    expect(told('agent.complete', { success: false })).toEqual([false, null]);
    expect(told('audit.retention', { from_seq: 1, to_seq: 1024 })).toEqual([null, 1024]);
    expect(told('audit.retention', { to_seq: 1024 }, 'reported')).toEqual([null, null]);
    expect(told('audit.retention', { to_seq: null })).toEqual([null, null]);
  });
});
