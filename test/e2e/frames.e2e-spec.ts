import { appendFileSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StreamHub } from '#activity';
import { AuditRepository, Checkpointer } from '#audit';
import { OPERATION_TYPES, type RecordedEvent, systemContext } from '#kernel';
import { policyFile } from '#rbac';
import { FRAMES, formOf, NOTICES } from '../../libs/activity/src/frames/index.js';
import { closedCheck } from '../../libs/activity/test/closed-schema.js';
import { aDeadLetter, aKey, register } from '../support/access-calls.js';
import { eventually } from '../support/eventually.js';
import { Erasing } from '../support/erasing.js';
import { ADMIN_KEY, type Answer, TestService } from '../support/service.js';
import { newTestStore } from '../support/store.js';
import { listen, type StreamListener } from '../support/stream.js';

/**
 * These take an older copy of the store, more than a thousand entries, or time; `registry.spec.ts` looks at their frames, and
 * suites of their own at those of alerts and of agents that fell silent.
 */
const NOT_CAUSED = /^(audit\.(log_begin|retention)|alert\..*|agent\.idle)$/;
const CWD = '/home/dev/shop';

/** One call after another that leaves an entry, as a client makes them. */
class Calls {
  constructor(
    private readonly service: TestService,
    private readonly policyFile: string,
  ) {}

  async all(): Promise<void> {
    await this.registry();
    await this.spending();
    await this.decisions();
    await this.access();
    await this.trail();
  }

  private async call(method: string, path: string, body?: unknown, key = ADMIN_KEY): Promise<Answer['body']> {
    return (await this.service.request(method, path, body, { key })).body;
  }

  private async registry(): Promise<void> {
    for (const name of ['coder', 'brief']) await register(this.service, name);
    const changes = { role_confidence: 0.5, metadata_tags: ['a'], budget_max_cost_per_day: 20 };
    await this.call('PUT', '/agents/coder', changes);
    await this.call('POST', '/agents/coder/activate', {
      session_id: 's-1',
      task: 'use AKIAABCDEFGHIJKLMNOP',
    });
    await this.call('POST', '/agents/coder/activate');
    await this.call('POST', '/agents/coder/complete', { success: true, execution_time_ms: 1.5 });
    await this.call('DELETE', '/agents/brief');
  }

  private async spending(): Promise<void> {
    const said = { session_id: 's', tool_use_id: 'toolu_0', request_id: 'r' };
    const cost = { agent_id: 'coder', metric_type: 'cost', cost_usd: 0.5, tokens_used: 3 };
    await this.call('POST', '/metrics', { ...cost, context: said, unknown_one: 1 });
    await this.call('POST', '/metrics', { agent_id: 'coder', metric_type: 'quality', quality_score: 0.5 });
    await this.call('POST', '/budget/deduct', { tokens_used: 1, cost_usd: 0.1 });
    await this.call('POST', '/budget/deduct', {
      agent_id: 'coder',
      tokens_used: 1,
      cost_usd: 11,
      session_id: 's',
    });
    const asked = { agent_id: 'coder', max_cost_usd: 0.5, max_tokens: 10, ttl_s: 60, session_id: 's' };
    const { reservation_id } = await this.call('POST', '/budget/reserve', asked);
    await this.call('POST', '/budget/reserve', { ...asked, max_cost_usd: 100 });
    await this.call('POST', '/budget/settle', { reservation_id, tokens_used: 5, cost_usd: 0.25 });
  }

  private async decisions(): Promise<void> {
    const write = { tool_name: 'Write', tool_input: { file_path: `${CWD}/src/a.ts`, content: 'x' } };
    const check = (more: object) =>
      this.call('POST', '/rbac/check', { agent_id: 'coder', cwd: CWD, ...more });
    const report = (context: object) =>
      this.call('POST', '/events/ingest', {
        ...{ agent_id: 'coder', operation_type: 'tool_use', rbac_decision: 'allowed', context },
      });
    await check({ ...write, tool_use_id: 'toolu_1' });
    await report({ ...write, cwd: CWD, tool_use_id: 'toolu_1', tool_name: 'Edit' });
    const denied = { tool_name: 'Bash', tool_input: { command: 'rm -rf /' }, tool_use_id: 'toolu_2' };
    await check(denied);
    await report({ ...denied, cwd: CWD });
    await report({ tool_use_id: 'toolu_3' });
    await this.call('POST', '/events/ingest', {});
    const human = (await aKey(this.service, 'developer', undefined, { kind: 'human' })).secret;
    for (const [verb, command] of [
      ['approve', 'git push origin main'],
      ['deny', 'git push --force origin main'],
    ] as const) {
      const { approval } = await check({ tool_name: 'Bash', tool_input: { command } });
      await this.call('POST', `/approvals/${approval.approval_id}/${verb}`, { comment: 'seen' }, human);
    }
  }

  private async access(): Promise<void> {
    const { agent_id } = await this.call('GET', '/agents/coder');
    const bound = { name: 'hook', kind: 'agent', role: 'developer', agent_id, networks: ['127.0.0.0/8'] };
    const { key_id } = await this.call('POST', '/keys', { ...bound, expires_at: '2099-01-01T00:00:00Z' });
    const rotated = await this.call('POST', `/keys/${key_id}/rotate`, { grace_s: 60 });
    await this.call('DELETE', `/keys/${rotated.key_id}`);
    const tester = (await aKey(this.service, 'tester')).secret;
    await this.call('POST', '/policy/reload', undefined, tester);
    appendFileSync(this.policyFile, '# changed\n');
    await this.call('POST', '/policy/reload');
    await this.call('GET', '/agents', undefined, 'arm_unknown');
    await this.service.service.app.get(Checkpointer).rotate(systemContext('test'));
  }

  private async trail(): Promise<void> {
    await this.call('GET', '/audit/export');
    const { hold_id } = await this.call('POST', '/audit/holds', { reason: 'case 4711', agent_id: 'nobody' });
    await this.call('DELETE', `/audit/holds/${hold_id}`);
    const sink = { name: 'siem', target: 'http://127.0.0.1:9/', operation_types: ['none.of.these'] };
    const { sink_id } = await this.call('POST', '/audit/sinks', sink);
    for (const what of ['pause', 'resume', 'rotate-secret'])
      await this.call('POST', `/audit/sinks/${sink_id}/${what}`, what === 'rotate-secret' ? {} : undefined);
    const letter = await aDeadLetter(this.service, sink_id);
    await this.call('POST', `/audit/sinks/${sink_id}/dead-letters/${letter}/redeliver`);
    await this.call('DELETE', `/audit/sinks/${sink_id}`);
    await this.call('DELETE', '/agents/coder');
    const erasing = await Erasing.in(this.service);
    await erasing.erase((await erasing.anEntry()).audit_id);
  }
}

describe('the frames of what really happens', () => {
  let service: TestService;
  let events: RecordedEvent[];
  let auditor: StreamListener;
  let coordinator: StreamListener;
  beforeAll(async () => {
    const store = newTestStore();
    const policy = join(store.folder, 'policy.yaml');
    copyFileSync(policyFile({ policyFile: null }), policy);
    const env = { RBAC_ENABLED: 'true', AUDIT_READS: 'true', POLICY_FILE: policy };
    service = await TestService.start(env, store);
    auditor = await listen(service, '/ws', ADMIN_KEY);
    coordinator = await listen(service, '/ws', (await aKey(service, 'coordinator')).secret);
    await new Calls(service, policy).all();
    events = await service.get(AuditRepository).findAfter(0, 1_000);
  });
  afterAll(async () => {
    for (const { ws } of [auditor, coordinator]) ws.terminate();
    await service.remove();
  });

  it('are of every kind', () => {
    const decided = events.filter(({ source }) => source === 'decided');
    const caused = new Set(decided.map(({ operationType }) => operationType));
    expect([...caused].sort()).toEqual(OPERATION_TYPES.filter((type) => !NOT_CAUSED.test(type)).sort());
    expect(events.some(({ source }) => source === 'reported')).toBe(true);
  });

  it('hold exactly what their schemas say', () => {
    const checks = new Map<string, ReturnType<typeof closedCheck>>();
    for (const event of events) {
      const form = formOf(event)!;
      const data: unknown = JSON.parse(form.data(event) ?? 'null');
      const check = checks.get(form.type) ?? closedCheck(form.schema);
      checks.set(form.type, check);
      expect([event.operationType, data, check(data), check.errors]).toEqual([
        ...[event.operationType, expect.anything(), true, null],
      ]);
    }
  });

  it('are what the AsyncAPI document says, beside those that no entry caused', async () => {
    const { epoch } = auditor.frames[1]!.data;
    const commands = [
      { command: 'subscribe', filter: { types: ['agent_retired'] }, since: 0, epoch, request_id: 'r-1' },
      { command: 'unsubscribe', subscription: 'all', request_id: 'r-2' },
      { command: 'unsubscribe', subscription: 'all', request_id: 'r-3' },
      { command: 'subscribe', since: 1_000_000, epoch },
    ];
    for (const command of commands) auditor.ws.send(JSON.stringify(command));
    auditor.ws.send('nothing of the kind');
    const came = () => new Set(auditor.frames.map(({ type }) => type));
    const notices = Object.keys(NOTICES).filter((type) => type !== 'lagged');
    await eventually('every kind of frame', () => {
      service.get(StreamHub).tellStats();
      return notices.every((type) => came().has(type));
    });
    const { messages } = (await service.request('GET', '//asyncapi.json')).body.components;
    for (const command of commands) {
      const check = closedCheck(messages[command.command].payload);
      expect([command, check(command), check.errors]).toEqual([command, true, null]);
    }
    const checks = new Map([...came()].map((type) => [type, closedCheck(messages[type].payload)]));
    for (const frame of auditor.frames) {
      const check = checks.get(frame.type)!;
      expect([frame, check(frame), check.errors]).toEqual([frame, true, null]);
    }
  });

  it('are shown to whom the registry says, all to an auditor and the others to a coordinator', async () => {
    const causes = FRAMES.filter(
      ({ entries, reported }) => reported || entries.some((type) => !NOT_CAUSED.test(type)),
    );
    const permissions = new Map(causes.map(({ form }) => [form.type, form.permission]));
    const typesOf = async (listener: StreamListener) => {
      const last = events.findLast((event) => formOf(event)!.permission === 'stream:read')!.seq;
      await eventually('the last frame', () => listener.frames.some(({ seq }) => seq === last));
      return new Set(listener.frames.filter(({ seq }) => seq !== undefined).map(({ type }) => type));
    };
    expect([...(await typesOf(auditor))].sort()).toEqual([...permissions.keys()].sort());
    expect([...(await typesOf(coordinator))].sort()).toEqual(
      [...permissions.keys()].filter((type) => permissions.get(type) === 'stream:read').sort(),
    );
  });

  it('show nothing that the entry of the audit trail does not show', async () => {
    const { body } = await service.request('GET', '/events/audit?limit=500');
    const entries = new Map((body as Answer['body'][]).map((entry) => [entry.seq as number, entry]));
    for (const event of events) {
      const shown = textsIn(entries.get(event.seq));
      // The times of keys are numbers there.
      const more = textsIn(JSON.parse(formOf(event)!.data(event) ?? 'null')).filter(
        (text) => !shown.includes(text) && !Number.isFinite(Date.parse(text)),
      );
      expect([event.operationType, more]).toEqual([event.operationType, []]);
    }
  });
});

/** Every text in a JSON value, whatever its member is called. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
}
