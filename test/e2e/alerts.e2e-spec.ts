import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ALERT_FRAMES } from '../../libs/activity/src/frames/alert-frames.js';
import { closedCheck } from '../../libs/activity/test/closed-schema.js';
import { aKey, register } from '../support/access-calls.js';
import { ALERT_RULES, alertsOf, policyWithAlerts, Trespasser } from '../support/alerts.js';
import { expectProblem } from '../support/answers.js';
import { HeldClock } from '../support/budgets.js';
import { eventually } from '../support/eventually.js';
import { walk } from '../support/pages.js';
import { type Answer, TestService } from '../support/service.js';
import { newTestStore } from '../support/store.js';
import { listen } from '../support/stream.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const MINUTE = 60_000;

describe('alerts', () => {
  const store = newTestStore();
  let service: TestService;
  let calls: Trespasser;
  let clock: HeldClock;
  let receiver: WebhookReceiver;
  let coder: { id: string; name: string };
  let reviewer: { id: string; name: string };
  let pusher: { id: string; name: string };
  beforeAll(async () => {
    const POLICY_FILE = policyWithAlerts(store);
    service = await TestService.start({ RBAC_ENABLED: 'true', POLICY_FILE }, store);
    clock = new HeldClock(service, '2026-01-05T12:00:00.000Z');
    calls = new Trespasser(service);
    receiver = await WebhookReceiver.start();
    coder = await register(service, 'coder');
    reviewer = await register(service, 'reviewer');
    pusher = await register(service, 'pusher');
    const sink = { name: 'pager', target: receiver.url, operation_types: ['alert.*'], source: 'decided' };
    expect((await service.request('POST', '/audit/sinks', sink)).status).toBe(201);
  });
  afterAll(async () => {
    await service.remove();
    await receiver.close();
  });

  const rulesOf = (alerts: Answer['body'][]): string[] => alerts.map(({ rule }) => rule as string);

  it('are raised by nothing that is only reported, whatever it says', async () => {
    const reports = [
      'rbac.check',
      'agent.complete',
      'budget.threshold',
      'budget.deduct',
      'alert.denials',
    ].flatMap((operation_type) =>
      ['coder', 'stranger', 'unknown'].map((agent_id) => ({
        ...{ operation_type, agent_id, operation_detail: 'terminate', rbac_decision: 'denied' },
        context: { success: false, subject: { rights: null }, claimed_agent: 'stranger', step: 'terminate' },
      })),
    );
    const { body } = await service.request('POST', '/events/ingest/batch', [
      ...reports,
      ...reports,
      ...reports,
    ]);
    expect(body.accepted).toBe(45);
    expect(await alertsOf(service)).toEqual([]);
  });

  it('are not raised while a rule is not met', async () => {
    await calls.beDenied('coder', 2);
    await calls.fail('coder', 2);
    await calls.spend('coder', 1);
    await calls.ask('pusher');
    expect(await alertsOf(service)).toEqual([]);
  });

  it('are raised once by each rule that calls meet, each in a frame', async () => {
    const listener = await listen(service, '/ws', (await aKey(service, 'admin')).secret);
    await calls.beDenied('coder');
    await calls.fail('coder');
    await calls.spend('coder');
    await calls.beUnknown('stranger');
    const alerts = await alertsOf(service);
    expect(rulesOf(alerts).sort()).toEqual(['failing', 'often', 'spent', 'stranger']);
    const byRule = new Map(alerts.map((alert) => [alert.rule as string, alert]));
    expect(byRule.get('often')).toMatchObject({
      ...{ when: 'denials', severity: 'warning', subject: coder.id, redacted: false },
      agent: { agent_id: coder.id, name: 'coder', role: 'developer' },
      message: 'coder was denied 3 times within 10 minutes.',
      figures: { denials: 3, over: 2, within_minutes: 10 },
      window: { from: '2026-01-05T11:50:00.000Z', to: '2026-01-05T12:00:00.000Z' },
      raised_at: '2026-01-05T12:00:00.000Z',
    });
    expect(byRule.get('spent')).toMatchObject({
      ...{ when: 'budget_step', severity: 'critical', subject: coder.id },
      figures: { step: 'terminate', cost_used_today: 61, limit: 50 },
    });
    expect(byRule.get('failing')).toMatchObject({
      figures: { failures: 3, completions: 3, over: 0.5, at_least: 3, within_minutes: 60 },
    });
    expect(byRule.get('stranger')).toMatchObject({
      ...{ when: 'unknown_agent', severity: 'info', subject: 'stranger', window: null },
      agent: { agent_id: 'stranger', name: 'stranger', role: 'developer' },
      message: 'stranger is not registered, and was named in rbac.check.',
    });
    await eventually('the frames', () => listener.frames.filter(({ type }) => type === 'alert').length >= 4);
    const frames = listener.frames.filter(({ type }) => type === 'alert');
    expect(frames.map(({ data }) => data['rule'])).toEqual(rulesOf(alerts));
    const check = closedCheck(ALERT_FRAMES['alert.denials'].schema);
    expect(frames.filter(({ data }) => !check(data))).toEqual([]);
    expect(frames.find(({ data }) => data['rule'] === 'often')?.data).toEqual({
      ...{ rule: 'often', severity: 'warning', subject: coder.id, agent_id: coder.id, agent_name: 'coder' },
      message: 'coder was denied 3 times within 10 minutes.',
      figures: { denials: 3, over: 2, within_minutes: 10 },
      window: { from: '2026-01-05T11:50:00.000Z', to: '2026-01-05T12:00:00.000Z' },
      event_id: byRule.get('often').event_id,
    });
    listener.ws.close();
  });

  it('stand in the audit trail as what the service found, with the request that led to them', async () => {
    const [entry] = (await service.request('GET', '/events/audit?operation_type=alert.denials')).body;
    expect(entry).toMatchObject({
      ...{ source: 'decided', outcome: 'warning', principal: { id: 'system', kind: 'system' } },
      operation: { detail: 'coder was denied 3 times within 10 minutes.' },
      ...{ target: { resource: 'often', type: 'alert_rule' }, rbac: { decision: 'unknown' } },
    });
    const { body } = await service.request('GET', `/audit/entries/${entry.context.event_id}`);
    expect(body.entry).toMatchObject({ trace_id: entry.trace_id, rbac: { decision: 'denied' } });
  });

  it('are raised of approvals that nobody decides, and of many that wait', async () => {
    await calls.ask('pusher', 'master');
    expect(rulesOf(await alertsOf(service)).filter((rule) => rule === 'queue')).toEqual(['queue']);
    clock.advance(5 * MINUTE);
    const waits = (await alertsOf(service)).filter(({ rule }) => rule === 'waits');
    expect(waits.map(({ agent, figures }) => [agent.agent_id, figures.for_minutes])).toEqual([
      [pusher.id, 5],
      [pusher.id, 5],
    ]);
    expect(new Set(waits.map(({ subject }) => subject)).size).toBe(2);
  });

  it('are not raised again while they are told, by whatever goes on', async () => {
    const before = await alertsOf(service);
    await calls.beDenied('coder', 5);
    await calls.fail('coder');
    await calls.beUnknown('stranger');
    expect(await alertsOf(service)).toEqual(before);
  });

  it('reach a webhook, each once and nothing else', async () => {
    const alerts = await alertsOf(service);
    await eventually('the deliveries', () => receiver.taken().length >= alerts.length);
    expect(receiver.taken()).toEqual(alerts.map(({ seq }) => seq));
    const [first] = receiver.posts[0]!.body.entries;
    expect(first).toMatchObject({ audit_id: alerts[0].alert_id, source: 'decided' });
    expect(first.operation.type).toMatch(/^alert\./);
  });

  it('are raised again when their time is over, of other agents at once', async () => {
    await calls.beDenied('reviewer');
    expect((await alertsOf(service)).filter(({ rule }) => rule === 'often')).toHaveLength(2);
    clock.advance(61 * MINUTE);
    await calls.beDenied('coder');
    const often = (await alertsOf(service)).filter(({ rule }) => rule === 'often');
    expect(often.map(({ agent }) => agent.name)).toEqual(['coder', 'reviewer', 'coder']);
  });

  it('are kept in mind over a restart, and so is what was counted', async () => {
    const before = await alertsOf(service);
    await register(service, 'tester');
    await calls.beDenied('tester', 2);
    await service.stop();
    service = await TestService.start({ RBAC_ENABLED: 'true', POLICY_FILE: policyWithAlerts(store) }, store);
    clock = new HeldClock(service, clock.time);
    calls = new Trespasser(service);
    await calls.beDenied('coder', 5);
    await calls.beUnknown('stranger');
    expect(await alertsOf(service)).toEqual(before);
    await calls.beDenied('tester', 1);
    const more = (await alertsOf(service)).slice(before.length);
    expect(more.map(({ rule, agent }) => [rule, agent.name])).toEqual([['often', 'tester']]);
  });

  it('follow the rules in force', async () => {
    const before = (await alertsOf(service)).length;
    policyWithAlerts(store, [...ALERT_RULES, { id: 'any', when: 'denials', over: 0, within_minutes: 1 }]);
    expect((await service.request('POST', '/policy/reload')).status).toBe(200);
    await calls.beDenied('coder', 1);
    expect(rulesOf(await alertsOf(service)).slice(before)).toEqual(['any']);
    policyWithAlerts(store, []);
    await service.request('POST', '/policy/reload');
    await calls.beUnknown('another');
    expect(await alertsOf(service)).toHaveLength(before + 1);
  });

  it('are listed newest first, page by page, by rule, severity, agent and time', async () => {
    const all = (await alertsOf(service)).reverse();
    const { rows } = await walk(service, '/alerts?limit=2');
    expect(rows).toEqual(all);
    const list = async (query: string) => (await service.request('GET', `/alerts?${query}`)).body;
    const of = (keep: (alert: Answer['body']) => boolean) => all.filter(keep);
    expect(await list('rule=often')).toEqual(of(({ rule }) => rule === 'often'));
    expect(await list('severity=critical')).toEqual(of(({ severity }) => severity === 'critical'));
    expect(await list('agent_id=reviewer')).toEqual(of(({ agent }) => agent.agent_id === reviewer.id));
    expect(await list('agent_id=stranger')).toHaveLength(1);
    const since = all[1].raised_at as string;
    expect(await list(`since=${since}`)).toEqual(of(({ raised_at }) => raised_at >= since));
    expect(await list('rule=nothing')).toEqual([]);
    for (const [query, name] of [
      ...[
        ['severity=grave', 'severity'],
        ['since=yesterday', 'since'],
        ['cursor=x', 'cursor'],
      ],
    ] as [string, string][])
      expectProblem(await service.request('GET', `/alerts?${query}`), 422, 'VALIDATION_FAILED', name);
  });

  it("are shown to an agent's key where they are its own", async () => {
    const { secret: key } = await aKey(service, 'admin', reviewer);
    const own = await service.request('GET', '/alerts', undefined, { key });
    expect(own.body.map(({ agent }: Answer['body']) => agent.agent_id)).toEqual([reviewer.id]);
    const other = await service.request('GET', '/alerts?agent_id=coder', undefined, { key });
    expect([other.status, other.body.code]).toEqual([403, 'NOT_OWN_AGENT']);
    const { secret: developer } = await aKey(service, 'developer');
    expect((await service.request('GET', '/alerts', undefined, { key: developer })).status).toBe(403);
  });

  it('are shown in the stream to those who may read the list, as they may', async () => {
    const alerts = await alertsOf(service);
    const { epoch } = (await service.request('GET', '/activity?limit=1')).body;
    const shown = async (role: string, agent?: { id: string; name: string }) => {
      const { secret } = await aKey(service, role, agent);
      const listener = await listen(service, `/ws?type=alert&since=0&epoch=${epoch}`, secret);
      await listener.next('live');
      listener.ws.close();
      return listener.sequence;
    };
    const seqsOf = (rows: Answer['body'][]) => rows.map(({ seq }) => seq as number);
    expect(await shown('analyst')).toEqual(seqsOf(alerts));
    expect(await shown('admin', reviewer)).toEqual(
      seqsOf(alerts.filter(({ agent }) => agent.agent_id === reviewer.id)),
    );
    expect(await shown('coordinator')).toEqual([]);
  });

  it('lose their texts when these are erased, and stay in the list', async () => {
    const [alert] = (await service.request('GET', '/alerts?rule=spent')).body;
    const { secret: key } = await aKey(service, 'admin', undefined, { kind: 'human' });
    const path = `/audit/entries/${alert.alert_id}/erase`;
    expect((await service.request('POST', path, { reason: 'on demand' }, { key })).status).toBe(200);
    const erased = (await service.request('GET', '/alerts?severity=critical')).body;
    expect(erased).toEqual([
      {
        ...alert,
        ...{ rule: null, subject: null, message: null, figures: null, window: null, event_id: null },
        redacted: true,
      },
    ]);
  });
});
