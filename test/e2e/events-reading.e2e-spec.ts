import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem, logSize } from '../support/answers.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

/** agent, operation type, decision; in the order they are ingested, after the two registrations. */
const EVENTS = [
  ['coder', 'tool_use', 'allowed'],
  ['tester', 'tool_use', 'denied'],
  ['system', 'api_call', 'requires_approval'],
  ['coder', 'file_access', 'denied'],
  ['', '', ''],
  ['system', '__proto__', 'allowed'],
] as const;
const FIRST = 3;

describe('reading the log', () => {
  let service: TestService;
  let coder: Answer['body'];
  beforeAll(async () => {
    service = await TestService.start();
    coder = (await service.request('POST', '/agents', anAgent())).body;
    await service.request('POST', '/agents', anAgent({ name: 'tester', role: 'tester' }));
    for (const [agent, type, decision] of EVENTS) {
      const event = {
        agent_id: agent || null,
        operation_type: type || null,
        rbac_decision: decision || null,
      };
      await service.request('POST', '/events/ingest', { ...event, cost_usd: 0.5, tokens_used: 7 });
    }
  });
  afterAll(() => service.remove());

  const seqs = async (path: string): Promise<number[]> => {
    const { status, body } = await service.request('GET', path);
    expect({ path, status }).toEqual({ path, status: 200 });
    return body.map((entry: { seq: number }) => entry.seq);
  };

  describe('GET /events/audit', () => {
    it('is newest first by seq, in pages', async () => {
      expect(await seqs('/events/audit')).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
      expect(await seqs('/events/audit?skip=1&limit=2')).toEqual([7, 6]);
      expect(await seqs('/events/audit?limit=500&skip=8')).toEqual([]);
    });

    it.each([
      ['agent_id=coder', [6, 3, 1]],
      ['agent_id=system', [8, 5]],
      ['agent_id=unknown', [7]],
      ['agent_id=nobody', []],
      ['operation_type=tool_use', [4, 3]],
      ['operation_type=agent.register', [2, 1]],
      ['operation_type=__proto__', [8]],
      ['rbac_decision=denied', [6, 4]],
      ['rbac_decision=unknown', [7]],
      ['rbac_decision=maybe', []],
      ['agent_id=coder&operation_type=tool_use', [3]],
      ['agent_id=coder&rbac_decision=denied&operation_type=file_access', [6]],
      ['agent_id=coder&skip=1&limit=1', [3]],
      ['agent_id=&operation_type=&rbac_decision=&limit=1&skip=', [8]],
    ])('filters by %s', async (query, expected) => {
      expect(await seqs(`/events/audit?${query}`)).toEqual(expected);
    });

    it('finds an agent by its id as by its name', async () => {
      for (const id of [coder.agent_id, coder.agent_id.toUpperCase()])
        expect(await seqs(`/events/audit?agent_id=${id}`)).toEqual([6, 3, 1]);
    });
  });

  describe('GET /events', () => {
    it('shows the same entries in the older form', async () => {
      const [newer, older] = [
        await service.request('GET', '/events/audit?skip=2&limit=3'),
        await service.request('GET', '/events?offset=2&limit=3'),
      ];
      expect(older.body).toEqual(newer.body);
      expect(await seqs('/events?agent_id=coder')).toEqual([6, 3, 1]);
    });
  });

  it('counts by decision, type and role', async () => {
    const { body } = await service.request('GET', '/events/audit/stats');
    expect({ ...body, operation_types: Object.entries(body.operation_types).sort() }).toEqual({
      total_operations: 8,
      rbac_decisions: { allowed: 4, denied: 2, requires_approval: 1, unknown: 1 },
      operation_types: [
        ['__proto__', 1],
        ['agent.register', 2],
        ['api_call', 1],
        ['file_access', 1],
        ['tool_use', 2],
        ['unknown', 1],
      ],
      agent_roles: { developer: 3, tester: 2, unknown: 3 },
    });
  });

  it.each([
    ['start_date=2026-01-05&end_date=2026-01-07', ['2026-01-05', '2026-01-07', false]],
    ['start_date=2026-01-05T00:00:00.001Z&end_date=2026-01-07', ['2026-01-05', '2026-01-07', true]],
    ['start_date=2026-01-05&end_date=2026-01-06T00:00:00.001Z', ['2026-01-05', '2026-01-07', true]],
    ['start_date=2026-01-05T01:00:00%2B01:00', ['2026-01-05', '9999-12-31', false]],
    ['start_date=2026-01-05T12:00:00', ['2026-01-05', '9999-12-31', true]],
    ['end_date=2026-01-06', ['1970-01-01', '2026-01-06', false]],
    ['end_date=2026-01-05T12:00:00Z', ['1970-01-01', '2026-01-06', true]],
  ])('says which days it counted, and whether more than was asked for: %s', async (query, expected) => {
    const [start, end, widened] = expected;
    const { body } = await service.request('GET', `/events/audit/stats?${query}`);
    expect(body.range).toEqual({ start: `${start}T00:00:00.000Z`, end: `${end}T00:00:00.000Z`, widened });
  });

  it('counts the whole day where a date lies within one', async () => {
    const entries: Answer['body'][] = (await service.request('GET', '/events/audit')).body;
    const day = entries[0].timestamp.slice(0, 10);
    const { body } = await service.request('GET', `/events/audit/stats?start_date=${day}T23:59:59.999Z`);
    expect(body).toMatchObject({
      total_operations: entries.filter(({ timestamp }) => timestamp.startsWith(day)).length,
      range: { start: `${day}T00:00:00.000Z`, widened: true },
    });
  });

  describe('GET /agent-activity', () => {
    it('shows what happened lately, newest first', async () => {
      const entries = (await service.request('GET', '/events/audit')).body;
      const { status, body } = await service.request('GET', '/agent-activity');
      expect(status).toBe(200);
      expect(body).toEqual(
        entries.map((entry: Answer['body']) => ({
          activity_id: entry.audit_id,
          agent_id: entry.agent.agent_id,
          agent_name: entry.agent.name,
          operation_type: entry.operation.type,
          operation_detail: entry.operation.detail,
          rbac_decision: entry.rbac.decision,
          timestamp: entry.timestamp,
          cost_usd: entry.cost.usd,
          tokens_used: entry.cost.tokens_used,
          redacted: false,
        })),
      );
      expect(body[0]).toMatchObject({ cost_usd: 0.5, tokens_used: 7 });
    });

    it('pages, filters, and looks back as many hours as asked', async () => {
      const ids = async (query: string): Promise<string[]> =>
        (await service.request('GET', `/agent-activity?${query}`)).body.map(
          (a: Answer['body']) => a.activity_id,
        );
      const all = await ids('hours=168&limit=500');
      expect(all).toHaveLength(8);
      expect(await ids('hours=1&offset=2&limit=3')).toEqual(all.slice(2, 5));
      expect(await ids('agent_id=coder')).toEqual([all[2], all[5], all[7]]);
      expect(await ids(`agent_id=${coder.agent_id}&hours=&limit=`)).toHaveLength(3);
      expect(await ids('agent_id=nobody')).toEqual([]);
    });
  });

  it.each([
    ['/events/audit', ['limit=0', 'limit=501', 'limit=1e2', 'skip=-1', 'skip=1.5']],
    ['/events', ['limit=0', 'limit=501', 'offset=-1', 'offset=x']],
    [
      '/agent-activity',
      ['limit=0', 'limit=501', 'offset=-1', 'hours=0', 'hours=169', 'hours=1.5', 'hours=day'],
    ],
  ])('refuses numbers beyond the limits of %s', async (path, queries) => {
    for (const query of queries)
      expectProblem(
        await service.request('GET', `${path}?${query}`),
        422,
        'VALIDATION_FAILED',
        query.split('=')[0]!,
      );
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'POST'])('has no way to %s entries', async (method) => {
    const [entry] = (await service.request('GET', '/events/audit?skip=5&limit=1')).body;
    expect(entry.seq).toBe(FIRST);
    for (const path of [
      '/events',
      '/events/audit',
      `/events/${entry.audit_id}`,
      `/events/audit/${entry.audit_id}`,
    ])
      expectProblem(
        await service.request(method, path, method === 'DELETE' ? undefined : {}),
        404,
        'NOT_FOUND',
      );
    expect((await service.request('GET', '/events/audit?skip=5&limit=1')).body).toEqual([entry]);
    expect(await logSize(service)).toBe(8);
  });
});
