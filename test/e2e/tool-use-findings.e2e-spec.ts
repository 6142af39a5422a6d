import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey, register } from '../support/access-calls.js';
import { ADMIN_KEY, TestService } from '../support/service.js';
import { eventsOf, listen } from '../support/stream.js';

const CWD = '/home/dev/shop';
const WRITE = { tool_name: 'Write', tool_input: { file_path: `${CWD}/src/a.ts`, content: 'x' } };
const DENIED = { tool_name: 'Bash', tool_input: { command: 'rm -rf /' } };

let uses = 0;

describe('a reported tool use', () => {
  let service: TestService;
  let coder: { id: string; name: string };
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    coder = await register(service, 'coder');
    await register(service, 'other');
  });
  afterAll(() => service.remove());

  const use = () => ({ tool_use_id: `toolu_${(uses += 1)}`, session_id: 's-1', cwd: CWD });
  async function check(body: Record<string, unknown>, key = ADMIN_KEY): Promise<string> {
    const answer = await service.request('POST', '/rbac/check', { agent_id: 'coder', ...body }, { key });
    expect(answer.status).toBe(200);
    return answer.body.decision_id as string;
  }
  async function report(context: Record<string, unknown>, body: Record<string, unknown> = {}) {
    const event = {
      agent_id: 'coder',
      operation_type: 'tool_use',
      rbac_decision: 'allowed',
      context,
      ...body,
    };
    const answer = await service.request('POST', '/events/ingest', event);
    expect(answer.status).toBe(201);
    return answer.body.audit_id as string;
  }
  /** What was found about the event, newest first. */
  async function findingsOf(eventId: string) {
    const { body } = await service.request('GET', '/events/audit?limit=500');
    type Entry = { operation: { type: string }; target: { resource: string }; context: unknown };
    return (body as Entry[])
      .filter(
        ({ operation, target }) => operation.type.startsWith('tool_use.') && target.resource === eventId,
      )
      .map(({ operation, context }) => ({ type: operation.type, context }));
  }

  it('that ran as it was allowed is one entry', async () => {
    const at = use();
    await check({ ...WRITE, ...at });
    expect(await findingsOf(await report({ ...WRITE, ...at }))).toEqual([]);
  });

  it('may leave out what did not change, and name no input', async () => {
    const at = use();
    await check({ ...WRITE, ...at });
    const { tool_use_id } = at;
    expect(await findingsOf(await report({ tool_use_id, tool_input: WRITE.tool_input }))).toEqual([]);
    expect(await findingsOf(await report({ tool_use_id, tool_name: 'Write' }))).toEqual([]);
  });

  it.each([
    ['another input', { tool_input: { ...WRITE.tool_input, content: 'y' } }],
    ['another path', { tool_input: { ...WRITE.tool_input, file_path: '/etc/passwd' } }],
    ['another tool', { tool_name: 'Edit' }],
    ['another session', { session_id: 's-2' }],
    ['another directory', { cwd: '/home/dev' }],
    ['an input that nests too deep', { tool_input: JSON.parse('['.repeat(60) + ']'.repeat(60)) }],
  ])('that ran with %s differs', async (_case, change) => {
    const at = use();
    const decision = await check({ ...WRITE, ...at });
    const event = await report({ ...WRITE, ...at, ...change });
    expect(await findingsOf(event)).toEqual([
      {
        type: 'tool_use.executed_differs',
        context: {
          finding: 'executed_differs',
          agent_id: coder.id,
          agent_name: 'coder',
          tool_use_id: at.tool_use_id,
          event_id: event,
          decision_id: decision,
          session_id: { ...at, ...change }.session_id,
        },
      },
    ]);
  });

  it('that ran although it was denied, or before it was approved, says so', async () => {
    for (const asked of [DENIED, { tool_name: 'Bash', tool_input: { command: 'git push origin main' } }]) {
      const at = use();
      const decision = await check({ ...asked, ...at });
      const [finding] = await findingsOf(await report({ ...asked, ...at }));
      expect(finding).toMatchObject({
        type: 'tool_use.executed_denied',
        context: { decision_id: decision, tool_use_id: at.tool_use_id },
      });
    }
  });

  it('that nobody asked about is ungated', async () => {
    const [finding] = await findingsOf(await report({ ...WRITE, ...use() }));
    expect(finding).toMatchObject({ type: 'tool_use.ungated', context: { decision_id: null } });
  });

  it("is not covered by another agent's decision", async () => {
    const at = use();
    await check({ ...WRITE, ...at });
    const [finding] = await findingsOf(await report({ ...WRITE, ...at }, { agent_id: 'other' }));
    expect(finding?.type).toBe('tool_use.ungated');
  });

  it.each([
    ['was denied, so did not run', {}, { rbac_decision: 'denied' }],
    ['is something else', {}, { operation_type: 'api_call' }],
    ['names no tool use', { tool_use_id: undefined }, {}],
    ['names an empty one', { tool_use_id: '' }, {}],
    ['names a number', { tool_use_id: 7 }, {}],
  ])('is left alone where it %s', async (_case, context, body) => {
    expect(await findingsOf(await report({ ...WRITE, ...use(), ...context }, body))).toEqual([]);
  });

  it('is compared under identifiers of any length and kind', async () => {
    for (const id of ['x'.repeat(5_000), 'a\0b', '\ud800', 'ü'.repeat(400)]) {
      const at = { ...use(), tool_use_id: id };
      await check({ ...WRITE, ...at });
      expect(await findingsOf(await report({ ...WRITE, ...at }))).toEqual([]);
      expect(await findingsOf(await report({ ...DENIED, ...at }))).toHaveLength(1);
    }
  });

  it('fits the decision made with another key of the same agent', async () => {
    const { secret } = await aKey(service, 'developer', coder);
    const at = use();
    await check({ ...WRITE, ...at }, secret);
    expect(await findingsOf(await report({ ...WRITE, ...at }))).toEqual([]);
  });

  it('is a frame where it does not fit', async () => {
    const listener = await listen(service, '/ws', ADMIN_KEY);
    try {
      const event = await report({ ...WRITE, ...use() });
      const frames = (await eventsOf(service, listener)).slice(-2);
      expect(frames.map(({ type }) => type)).toEqual(['rbac_decision', 'tool_use_finding']);
      expect(frames[1]?.data).toMatchObject({ finding: 'ungated', event_id: event, agent_id: coder.id });
    } finally {
      listener.ws.terminate();
    }
  });

  it('is compared after a restart too', async () => {
    const at = use();
    await check({ ...WRITE, ...at });
    const second = await TestService.start({ RBAC_ENABLED: 'true' }, service.store);
    try {
      const send = (context: Record<string, unknown>) =>
        second.request('POST', '/events/ingest', {
          ...{ agent_id: 'coder', operation_type: 'tool_use' },
          context,
        });
      const fits = (await send({ ...WRITE, ...at })).body.audit_id as string;
      const differs = (await send({ ...WRITE, ...at, tool_name: 'Edit' })).body.audit_id as string;
      expect([(await findingsOf(fits)).length, (await findingsOf(differs)).length]).toEqual([0, 1]);
    } finally {
      await second.stop();
    }
  });
});
