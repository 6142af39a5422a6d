import { describe, expect, it } from '@jest/globals';
import { type EventDraft, OPERATION_TYPES } from '#kernel';
import { closedCheck } from '../../test/closed-schema.js';
import { anEvent } from '../../test/recorded-event.factory.js';
import { FRAMES, formOf } from './registry.js';

/** Every kind of entry, its frame, and what one must hold to see it; `-` where an entry without texts has none. */
const TABLE = `
reported                  rbac_decision       stream:read
access.denied             access_denied       audit:read
access.read               access_read         audit:read
access.unauthenticated    login_failed        audit:read
agent.activate            agent_activated     stream:read
agent.complete            agent_completed     stream:read
agent.idle                agent_idle          stream:read  -
agent.register            agent_registered    stream:read
agent.retire              agent_retired       stream:read
agent.update              agent_updated       stream:read
alert.approvals_waiting   alert               audit:read   -
alert.budget_step         alert               audit:read   -
alert.denials             alert               audit:read   -
alert.failure_rate        alert               audit:read   -
alert.unknown_agent       alert               audit:read   -
approval.decide           approval_decided    stream:read  -
approval.request          approval_requested  stream:read  -
audit.erase               audit_event         audit:read
audit.export              audit_event         audit:read
audit.hold                audit_event         audit:read
audit.key_rotate          audit_event         audit:read
audit.log_begin           audit_event         audit:read
audit.release             audit_event         audit:read
audit.retention           audit_event         audit:read
audit.sink_create         audit_event         audit:read
audit.sink_delete         audit_event         audit:read
audit.sink_pause          audit_event         audit:read
audit.sink_redeliver      audit_event         audit:read
audit.sink_resume         audit_event         audit:read
audit.sink_rotate         audit_event         audit:read
budget.deduct             budget_updated      stream:read  -
budget.reserve            budget_reservation  stream:read  -
budget.settle             budget_settled      stream:read  -
budget.threshold          budget_threshold    stream:read  -
key.create                key_created         audit:read
key.revoke                key_revoked         audit:read
key.rotate                key_rotated         audit:read
metric.record             metric_recorded     stream:read  -
policy.load               policy_changed      audit:read
rbac.check                rbac_decision       stream:read
tool_use.executed_denied  tool_use_finding    stream:read  -
tool_use.executed_differs tool_use_finding    stream:read  -
tool_use.ungated          tool_use_finding    stream:read  -
`;
const ROWS = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [entry = '', type = '', permission = '', none] = line.split(/ +/);
    return { entry, type, permission, isNone: none === '-' };
  });

const eventOf = (entry: string) =>
  entry === 'reported'
    ? anEvent()
    : anEvent({ source: 'decided', operationType: entry, route: 'POST /api/v1/x' });

describe('the registry of frames', () => {
  it('has a frame for each kind of entry, and the table above has each', () => {
    expect(ROWS.map(({ entry }) => entry)).toEqual(['reported', ...[...OPERATION_TYPES].sort()]);
    for (const { entry, type, permission } of ROWS)
      expect([entry, formOf(eventOf(entry))]).toEqual([entry, expect.objectContaining({ type, permission })]);
  });

  it('lists each frame once, with its entries', () => {
    const listed = FRAMES.map(({ form }) => form.type);
    expect(listed).toEqual([...new Set(ROWS.map(({ type }) => type))].sort());
    for (const { form, entries, reported } of FRAMES) {
      const rows = ROWS.filter(({ type }) => type === form.type).map(({ entry }) => entry);
      expect([...(reported ? ['reported'] : []), ...entries]).toEqual(rows);
    }
  });

  it('shows everything about keys, the policy, the trail, access and alerts to auditors alone', () => {
    for (const { entry, permission } of ROWS)
      expect([entry, permission]).toEqual([
        entry,
        /^(key|policy|audit|access|alert)\./.test(entry) ? 'audit:read' : 'stream:read',
      ]);
  });

  it.each(ROWS)('keeps to the schema of $entry, or says nothing, once its texts are erased', (row) => {
    const erased = { operationDetail: null, targetResource: null, rbacReason: null, context: null };
    const event = { ...eventOf(row.entry), ...erased, toolUseId: null, erased: true };
    const form = formOf(event)!;
    const data = form.data(event);
    expect(data === null).toBe(row.isNone);
    if (data === null) return;
    const check = closedCheck(form.schema);
    expect([JSON.parse(data), check(JSON.parse(data)), check.errors]).toEqual([
      expect.anything(),
      true,
      null,
    ]);
  });

  it('lets no entry be recorded whose type is not listed: that does not compile', () => {
    const draft = { agent: { agentId: 'a', name: 'a', role: 'r' }, decision: 'allowed' };
    const listed: EventDraft = { ...draft, source: 'decided', operationType: 'agent.register' };
    const reported: EventDraft = { ...draft, source: 'reported', operationType: 'whatever' };
    // @ts-expect-error -- the compiler is what is tested here, by `npm run typecheck`
    const unlisted: EventDraft = { ...draft, source: 'decided', operationType: 'agent.unheard_of' };
    expect([listed, reported].map(formOfDraft)).toEqual(['agent_registered', 'rbac_decision']);
    expect(formOfDraft(unlisted)).toBeUndefined();
  });
});

function formOfDraft({ source, operationType }: EventDraft): string | undefined {
  return formOf({ source, operationType })?.type;
}
