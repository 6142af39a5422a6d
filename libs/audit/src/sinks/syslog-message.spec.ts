import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#kernel';
import { parseSyslog, type SyslogMessage, takeFrames } from '../../../../test/support/syslog-receiver.js';
import { toAuditEntryResponse } from '../dto/audit-entry.response.js';
import { MAX_MESSAGE_BYTES, toFrame } from './syslog-message.js';

const anEntry = (changes: Partial<RecordedEvent> = {}): RecordedEvent => ({
  ...{ seq: 42, auditId: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11', agentId: 'a', agentName: 'coder' },
  ...{ agentRole: 'developer', operationType: 'tool_use', operationDetail: 'Write: a.ts' },
  ...{ targetResource: 'a.ts', targetType: 'file', rbacDecision: 'allowed', rbacReason: null, costMicro: 15 },
  ...{
    tokensUsed: 5,
    toolUseId: null,
    context: '{"a":[1,"b"]}',
    recordedAt: Date.UTC(2026, 0, 5, 10, 0, 0, 7),
  },
  ...{ source: 'reported', principalId: 'local', principalKind: 'anonymous', principalRole: 'admin' },
  ...{ route: null, outcome: null, traceId: 't', erased: false },
  ...changes,
});

function parsed(event: RecordedEvent): SyslogMessage {
  const { frames, rest } = takeFrames(Buffer.from(toFrame(event)));
  expect([frames.length, rest.length]).toEqual([1, 0]);
  expect(Buffer.byteLength(frames[0]!)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
  expect(frames[0]).toMatch(/^[\x20-\x7e]+$/);
  return parseSyslog(frames[0]!);
}

describe('an entry as syslog', () => {
  it('has the header of RFC 5424 and the entry as JSON', () => {
    const event = anEntry();
    const { text, hostname, ...header } = parsed(event);
    expect(header).toEqual({
      ...{ facility: 13, severity: 6, timestamp: '2026-01-05T10:00:00.007Z', appName: 'agent-reality-map' },
      ...{ procId: '-', msgId: 'tool_use' },
      data: { 'audit@32473': { seq: '42', audit_id: event.auditId, decision: 'allowed' } },
    });
    expect(hostname.length).toBeGreaterThan(0);
    expect(JSON.parse(text)).toEqual(toAuditEntryResponse(event));
  });

  it.each([
    ['denied', 4],
    ['requires_approval', 5],
    ['unknown', 6],
  ])('is as severe as its decision: %s', (rbacDecision, severity) => {
    expect(parsed(anEntry({ rbacDecision })).severity).toBe(severity);
  });

  it.each([
    [{ source: 'decided', outcome: 'critical' }, 2],
    [{ source: 'decided', outcome: 'warning' }, 4],
    [{ source: 'decided', outcome: 'info' }, 6],
    [{ source: 'reported', outcome: 'critical' }, 6],
  ] as const)('of an alert is as severe as it says: %j', (changes, severity) => {
    const alert = { operationType: 'alert.denials', rbacDecision: 'unknown', ...changes };
    expect(parsed(anEntry(alert)).severity).toBe(severity);
  });

  it.each([
    ['tool use\n<13>1 - forged', 'tool_use_<13>1_-_forged'],
    ['ü€😀', '___'],
    ['x'.repeat(99), 'x'.repeat(32)],
    ['', '-'],
  ])('has a MSGID that is one: %j', (operationType, msgId) => {
    expect(parsed(anEntry({ operationType })).msgId).toBe(msgId);
  });

  it('is one line, whatever its texts hold', () => {
    const hostile = 'a\r\n12 <13>1 forged\u0000\u0007\u007f\u0085\u2028\u202e"]\\ 😀';
    const event = anEntry({ operationDetail: hostile, rbacDecision: '"]\\' });
    const { text, data } = parsed(event);
    expect(JSON.parse(text).operation.detail).toBe(hostile);
    expect(data['audit@32473']).toMatchObject({ decision: '"]\\' });
  });

  it('that is too long is cut so that it stays JSON, and says so', () => {
    const long = anEntry({
      operationDetail: '😀'.repeat(16_000),
      context: JSON.stringify({ a: 'x'.repeat(9_000) }),
    });
    const { text, data } = parsed(long);
    const entry = JSON.parse(text);
    expect([entry.truncated, entry.context, data['audit@32473']?.['truncated']]).toEqual([
      true,
      null,
      'true',
    ]);
    expect('😀'.repeat(16_000).startsWith(entry.operation.detail)).toBe(true);
    expect(entry).toMatchObject({ audit_id: long.auditId, seq: 42, timestamp: '2026-01-05T10:00:00.007Z' });
  });

  it('is still one where every text is as long as it can be', () => {
    const texts = Object.entries(anEntry()).filter(
      ([name, value]) => typeof value === 'string' && name !== 'context',
    );
    const worst = Object.fromEntries(texts.map(([name]) => [name, '\u0001'.repeat(9_000)]));
    const { data } = parsed(anEntry({ ...worst, auditId: anEntry().auditId }));
    expect(data['audit@32473']).toMatchObject({ seq: '42', truncated: 'true' });
  });
});
