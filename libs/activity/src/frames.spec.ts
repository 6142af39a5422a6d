import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#kernel';
import { anEvent } from '../test/recorded-event.factory.js';
import { StreamEvent } from './stream/stream-event.js';

const AT = '2026-01-05T10:00:00.000Z';
const DECIDED = { source: 'decided', rbacDecision: 'allowed' } as const;

/** Its frame in a subscription. */
function toFrame(event: RecordedEvent): string | null {
  return new StreamEvent(event).frame(0, 'all');
}

function parsed(event: RecordedEvent): unknown {
  return JSON.parse(toFrame(event) ?? 'null');
}

describe('frames', () => {
  it('shows a reported event as a decision', () => {
    const event = anEvent({
      seq: 7,
      operationDetail: 'Write: "src/ä.ts"',
      rbacReason: 'ok',
      targetResource: 'src/ä.ts',
    });
    expect(parsed(event)).toEqual({
      type: 'rbac_decision',
      data: {
        audit_id: event.auditId,
        agent_id: event.agentId,
        agent_name: 'coder',
        agent_role: 'developer',
        operation_type: 'tool_use',
        operation_detail: 'Write: "src/ä.ts"',
        target_resource: 'src/ä.ts',
        decision: 'allowed',
        reason: 'ok',
      },
      timestamp: AT,
      seq: 7,
      prev_seq: 0,
      subscription: 'all',
    });
  });

  it('splices the context of a metric in as it stands', () => {
    const context = '{"metric_id":"m-1","cost_usd":1.10,"context":{"a":[1,2]}}';
    const frame = toFrame(anEvent({ ...DECIDED, operationType: 'metric.record', context }));
    expect(frame).toBe(
      `{"type":"metric_recorded","data":${context},"timestamp":"${AT}","seq":1,"prev_seq":0,"subscription":"all"}`,
    );
  });

  it('splices the context of a charge in as it stands', () => {
    const context = '{"agent_id":"a","remaining_cost":-0.5,"status":"exceeded"}';
    const frame = toFrame(anEvent({ ...DECIDED, operationType: 'budget.deduct', context }));
    expect(frame).toBe(
      `{"type":"budget_updated","data":${context},"timestamp":"${AT}","seq":1,"prev_seq":0,"subscription":"all"}`,
    );
  });

  it('splices the context of a step in as it stands', () => {
    const context = '{"agent_id":"a","step":"notify","cost_used_today":10.5,"limit":10}';
    const frame = toFrame(anEvent({ ...DECIDED, operationType: 'budget.threshold', context }));
    expect(frame).toBe(
      `{"type":"budget_threshold","data":${context},"timestamp":"${AT}","seq":1,"prev_seq":0,"subscription":"all"}`,
    );
  });

  it('shows the beginning of a task', () => {
    const event = anEvent({
      ...DECIDED,
      operationType: 'agent.activate',
      context: '{"session_id":"s-1","task":null}',
    });
    expect(parsed(event)).toEqual({
      type: 'agent_activated',
      data: {
        agent_id: event.agentId,
        agent_name: 'coder',
        role: 'developer',
        session_id: 's-1',
        task: null,
      },
      timestamp: AT,
      seq: 1,
      prev_seq: 0,
      subscription: 'all',
    });
  });

  it('shows the end of a task', () => {
    const context = JSON.stringify({
      session_id: 's',
      task: 't',
      success: false,
      execution_time_ms: 12.5,
      metric_id: 'm',
    });
    const event = anEvent({ ...DECIDED, operationType: 'agent.complete', context });
    const task = {
      agent_id: event.agentId,
      agent_name: 'coder',
      role: 'developer',
      session_id: 's',
      task: 't',
    };
    expect(parsed(event)).toEqual({
      type: 'agent_completed',
      data: { ...task, success: false, execution_time_ms: 12.5 },
      timestamp: AT,
      seq: 1,
      prev_seq: 0,
      subscription: 'all',
    });
  });

  it.each(['metric.record', 'budget.deduct', 'agent.activate', 'agent.complete', 'key.revoke', '__proto__'])(
    'never takes a reported %s for something that was done here',
    (operationType) => {
      const frame = parsed(anEvent({ source: 'reported', operationType, context: '{"forged":true}' }));
      expect(frame).toMatchObject({ type: 'rbac_decision', data: { operation_type: operationType } });
      expect(frame).not.toHaveProperty('data.forged');
    },
  );

  it.each(['agent.register', 'key.create', 'access.denied', 'constructor', '__proto__'])(
    'has none for a decided %s',
    (operationType) => {
      expect(toFrame(anEvent({ ...DECIDED, operationType, context: '{}' }))).toBeNull();
    },
  );

  it('has none for a metric whose text is gone', () => {
    expect(toFrame(anEvent({ ...DECIDED, operationType: 'metric.record', context: null }))).toBeNull();
  });
});
