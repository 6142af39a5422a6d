import { describe, expect, it } from '@jest/globals';
import { anEvent } from '../../test/recorded-event.factory.js';
import { sessionOf } from './session-of.js';

const of = (context: unknown, operationType = 'tool_use', source: 'reported' | 'decided' = 'reported') =>
  sessionOf(anEvent({ context: context === null ? null : JSON.stringify(context), operationType, source }));

describe('the session of an entry', () => {
  it.each([
    ['reported', 'tool_use'],
    ['decided', 'agent.activate'],
    ['decided', 'agent.complete'],
    ['decided', 'agent.idle'],
    ['decided', 'approval.request'],
    ['decided', 'budget.settle'],
    ['decided', 'budget.deduct'],
    ['decided', 'budget.reserve'],
    ['decided', 'rbac.check'],
  ] as const)('is a member of the context: %s %s', (source, type) => {
    expect(of({ tool_name: 'Write', session_id: 's-1' }, type, source)).toBe('s-1');
  });

  it('of a metric is a member of the context that came with it', () => {
    expect(of({ metric_id: 'm', context: { session_id: 's-1' } }, 'metric.record', 'decided')).toBe('s-1');
    expect(of({ session_id: 's-1', context: null }, 'metric.record', 'decided')).toBeNull();
    // A report of that name is only a report.
    expect(of({ session_id: 's-2', context: { session_id: 's-1' } }, 'metric.record')).toBe('s-2');
  });

  it.each([
    null,
    {},
    { session_id: null },
    { session_id: '' },
    { session_id: 7 },
    { session_id: ['s-1'] },
    { session_id: { session_id: 's-1' } },
    { metadata: { session_id: 's-1' } },
    { note: '"session_id":"s-1"' },
    { context: { session_id: 's-1' } },
  ])('is none in %j', (context) => {
    expect(of(context)).toBeNull();
  });

  it('keeps what can be indexed and stands as a digest where it is longer', () => {
    expect(of({ session_id: 'ä'.repeat(256) })).toBe('ä'.repeat(256));
    const digest = of({ session_id: 'ä'.repeat(257) });
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    // As the ledger names it already.
    expect(of({ session_id: digest })).toBe(digest);
  });

  it('is none once the texts are erased', () => {
    expect(sessionOf(anEvent({ context: null, erased: true }))).toBeNull();
  });
});
