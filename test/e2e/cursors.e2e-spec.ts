import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey, register } from '../support/access-calls.js';
import { expectProblem } from '../support/answers.js';
import { cursorOf, nextOf, walk } from '../support/pages.js';
import { QUIET_POLICY } from '../support/quiet-policy.js';
import { anAgent, type Answer, TestService } from '../support/service.js';

const ROWS = 7;

/** Each list: its path with a filter that it has, what names a row, and what adds one. */
type Add = 'event' | 'metric' | 'agent' | 'approval' | 'key' | 'policy';
const LISTS: readonly [path: string, filter: string, id: string, add: Add, skip: string][] = [
  ['/events/audit', 'agent_id=walker', 'audit_id', 'event', 'skip'],
  ['/events', 'agent_id=walker', 'audit_id', 'event', 'offset'],
  ['/agent-activity', 'hours=5', 'activity_id', 'event', 'offset'],
  ['/metrics', 'metric_type=execution', 'metric_id', 'metric', 'skip'],
  ['/agents', 'role=developer', 'agent_id', 'agent', 'skip'],
  ['/agents/registry', 'role=developer', 'agent_id', 'agent', 'skip'],
  ['/registry/agents', 'role=developer', 'agent_id', 'agent', 'skip'],
  ['/approvals', 'status=pending', 'approval_id', 'approval', 'skip'],
  ['/keys', '', 'key_id', 'key', 'skip'],
  ['/policy/versions', '', 'version', 'policy', 'skip'],
];

describe('the pages of a list', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cursors-'));
  const file = join(folder, 'policy.yaml');
  let service: TestService;
  let agentKey: string;
  let count = 0;

  const ADD: Readonly<Record<Add, () => Promise<unknown>>> = {
    event: () => service.request('POST', '/events/ingest', { agent_id: 'walker' }),
    // Of one moment: such rows are in the order of their ids.
    metric: () =>
      service.request('POST', '/metrics', {
        agent_id: 'walker',
        metric_type: 'execution',
        recorded_at: `2026-01-05T10:00:0${(count += 1) % 2}Z`,
      }),
    agent: () => service.request('POST', '/agents', anAgent({ name: `agent-${(count += 1) % 10}-${count}` })),
    approval: () =>
      service.request(
        'POST',
        '/rbac/check',
        {
          tool_name: 'Bash',
          tool_input: { command: 'git push origin main' },
          session_id: `s-${(count += 1)}`,
        },
        { key: agentKey },
      ),
    key: () => aKey(service, 'tester'),
    policy: () => {
      writeFileSync(file, `${QUIET_POLICY}\n# ${(count += 1)}\n`);
      return service.request('POST', '/policy/reload');
    },
  };

  beforeAll(async () => {
    writeFileSync(file, QUIET_POLICY);
    service = await TestService.start({ RBAC_ENABLED: 'true', POLICY_FILE: file });
    agentKey = (await aKey(service, 'developer', await register(service, 'walker'))).secret;
    for (const add of Object.values(ADD)) for (let row = 0; row < ROWS; row += 1) await add();
  });
  afterAll(async () => {
    await service.remove();
    rmSync(folder, { recursive: true });
  });

  describe.each(LISTS)('%s', (path, filter, id, add, skip) => {
    const query = (more: string) => `${path}?${filter}${more === '' ? '' : `&${more}`}`;
    const idsOf = (rows: Record<string, unknown>[]) => rows.map((row) => row[id]);

    it('lead from one to the next, and are together what is listed at once', async () => {
      const { body, headers } = await service.request('GET', query('limit=500'));
      const whole = body as Answer['body'][];
      expect(headers.get('link')).toBeNull();
      expect(whole.length).toBeGreaterThanOrEqual(ROWS);
      for (const limit of [1, 3, whole.length - 1, whole.length, whole.length + 1]) {
        const { pages, rows } = await walk(service, query(`limit=${limit}`));
        expect(pages).toHaveLength(Math.ceil(whole.length / limit));
        expect(idsOf(rows)).toEqual(idsOf(whole));
      }
    });

    it('hold each old row once and in order while rows are added', async () => {
      const before = idsOf((await service.request('GET', query('limit=500'))).body);
      const { rows } = await walk(service, query('limit=2'), {}, ADD[add]);
      const seen = idsOf(rows);
      expect(seen.filter((row) => before.includes(row))).toEqual(before);
      expect(new Set(seen).size).toBe(seen.length);
      expect((await service.request('GET', query('limit=500'))).body.length).toBeGreaterThan(before.length);
    });

    it('go on from where rows were left out, with the filters and the limit', async () => {
      const { body: whole } = await service.request('GET', query('limit=500'));
      const first = await service.request('GET', query(`limit=2&${skip}=1`));
      const next = new URL(nextOf(first)!, service.origin);
      expect(next.pathname).toBe(`/api/v1${path}`);
      expect([...next.searchParams.keys()].sort()).toEqual(
        [...new URLSearchParams(filter).keys(), 'cursor', 'limit'].sort(),
      );
      const second = await service.request('GET', `/${next.pathname}${next.search}`);
      expect([...idsOf(first.body), ...idsOf(second.body)]).toEqual(idsOf(whole).slice(1, 5));
    });

    it('are refused for a cursor that the list did not give, of other filters, or beside what leaves out', async () => {
      const cursor = cursorOf(await service.request('GET', query('limit=1')));
      const foreign = LISTS.find(([, , , kind]) => kind !== add)!;
      const others = [
        cursorOf(await service.request('GET', `${foreign[0]}?limit=1`)),
        cursor.slice(0, -1),
        cursor.slice(1),
        `${cursor}AAAA`,
        Buffer.from('[1]').toString('base64url'),
        'x',
        '%00',
        'a%20b',
        'A'.repeat(600),
      ];
      const refused = [
        ...others.map((other) => query(`cursor=${other}`)),
        ...(filter === '' ? [] : [`${path}?cursor=${cursor}`]),
        query(`cursor=${cursor}&${skip}=0`),
        query(`cursor=${cursor}&${skip}=1`),
        query(`cursor=${cursor}&cursor=${cursor}`),
      ];
      for (const target of refused) {
        const answer = await service.request('GET', target);
        expectProblem(answer, 422, 'VALIDATION_FAILED', 'cursor');
      }
      expect((await service.request('GET', query(`limit=3&cursor=${cursor}`))).status).toBe(200);
    });
  });

  it('hold own rows only, for a key that is bound to an agent, with anybody’s cursor', async () => {
    const { id } = await register(service, 'other');
    for (const path of ['/events/audit', '/agent-activity', '/metrics', '/approvals']) {
      await service.request('POST', '/events/ingest', { agent_id: 'other' });
      await service.request('POST', '/metrics', { agent_id: 'other', metric_type: 'execution' });
      const { rows } = await walk(service, `${path}?limit=2`, { key: agentKey }, ADD.event);
      const agents = rows.map((row) => row.agent_id ?? row.agent.agent_id);
      expect(rows.length).toBeGreaterThan(2);
      expect(new Set(agents).size).toBe(1);
      const cursor = cursorOf(await service.request('GET', `${path}?limit=1`));
      const answer = await service.request('GET', `${path}?cursor=${cursor}`, undefined, { key: agentKey });
      expect(JSON.stringify(answer.body)).not.toContain(id);
      expect(answer.status).toBe(200);
    }
  });

  it('say how long a counted list is on each of them', async () => {
    for (const path of ['/agents', '/keys']) {
      const first = await service.request('GET', `${path}?limit=1`);
      const second = await service.request('GET', `/${nextOf(first)!}`);
      expect(second.headers.get('x-total-count')).toBe(first.headers.get('x-total-count'));
      expect(Number(second.headers.get('x-total-count'))).toBeGreaterThanOrEqual(ROWS);
    }
  });
});
