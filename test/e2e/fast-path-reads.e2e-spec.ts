import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { as, BothPaths, type Case, JSON_TYPE } from '../support/both-paths.js';
import type { RawRequest } from '../support/raw-http.js';
import { ADMIN_KEY } from '../support/service.js';

const onAgent = (what: string, change: Partial<RawRequest> = {}): Case => [
  `read: ${what}`,
  { method: 'GET', target: '/api/v1/agents/bound', headers: as(ADMIN_KEY), ...change },
];
const READS: readonly Case[] = [
  onAgent('in order'),
  ...[
    ...['nobody', 'BOUND', 'registry', 'stats', 'name', '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11', ''],
    ...[
      '%62ound',
      'bound/',
      'bound//',
      'bound?x=1',
      'bound?',
      'bound#x',
      './bound',
      '../agents/bound',
      'constructor',
    ],
  ].map((reference) => onAgent(`of ${reference}`, { target: `/api/v1/agents/${reference}` })),
  ...['/API/v1/agents/bound', '//api/v1/agents/bound', '/api/v1/agents/name/bound'].map((target) =>
    onAgent(target, { target }),
  ),
  onAgent('no key', { headers: [] }),
  onAgent('an unknown key', { headers: as('wrong') }),
  onAgent('a key of an agent', { headers: [['X-API-Key', '{agent}']] }),
  ...['*', '"other"', 'W/"other", *', ''].map((tags) =>
    onAgent(`If-None-Match ${tags}`, { headers: [...as(ADMIN_KEY), ['If-None-Match', tags]] }),
  ),
  onAgent('an own request id', { headers: [...as(ADMIN_KEY), ['X-Request-Id', 'mine-1']] }),
  onAgent('an origin that is listed', { headers: [...as(ADMIN_KEY), ['Origin', 'http://localhost:3000']] }),
  onAgent('a foreign origin', { headers: [...as(ADMIN_KEY), ['Origin', 'https://evil.example']] }),
  onAgent('a foreign site', { headers: [...as(ADMIN_KEY), ['Sec-Fetch-Site', 'cross-site']] }),
  onAgent('a second Host', { headers: [...as(ADMIN_KEY), ['Host', 'a'], ['Host', 'b']] }),
  onAgent('a body', { headers: [...as(ADMIN_KEY), ...JSON_TYPE], body: '{}' }),
  onAgent('HEAD', { method: 'HEAD' }),
  onAgent('DELETE of nobody', { method: 'DELETE', target: '/api/v1/agents/nobody' }),
  onAgent('HTTP/1.0', { version: '1.0' }),
];

/** The same on what stands behind the reference of an agent, and what may be wrong there. */
const SUMMARIES: readonly Case[] = [
  ...READS.map(([what, request]): Case => {
    const target = request.target?.replace(/agents\/(.*)$/, 'metrics/agent/$1/summary');
    return [`summary: ${what}`, { ...request, ...(target ? { target } : {}) }];
  }),
  ...[
    ...['agent/summary', 'agent//summary', 'summary', 'agent/bound', 'agent/bound/', 'agent/bound//summary'],
    ...['agent/bound/summary/', 'agent/bound/summary?', 'agent/bound/summary?x=1', 'agent/bound/summary#x'],
    ...['agent/bound/Summary', 'agent/bound/summary/summary', 'agent/bound/x', 'agent/bound/./summary'],
    ...[
      'agent/bound?/summary',
      'agent/bound/summary?x=/summary',
      'agent/summary/summary',
      'agent/bound/%73ummary',
    ],
  ].map((path) => onAgent(path, { target: `/api/v1/metrics/${path}` })),
];

const LISTS = [
  ...['agents', 'agents/registry', 'registry/agents', 'events/audit', 'events/audit/stats'],
  ...['metrics/aggregate', 'metrics/timeseries', 'metrics/leaderboard'],
];
const QUERIES = [
  ...[
    '',
    '?',
    '?limit=2',
    '?limit=2&',
    '?&limit=2',
    '?limit=0',
    '?limit=x',
    '?limit=2&limit=3',
    '?limit[]=2',
  ],
  ...['?limit=%32', '?li%6dit=2', '?limit=2#x', '#x?limit=2', '?skip=1&limit=1', '?offset=1', '?cursor=abc'],
  ...[
    '?agent_id=bound',
    '?agent_id=nobody',
    '?role=developer&limit=1',
    '?q=edit+x',
    '?q=a%20b',
    '?unknown=1',
  ],
  ...[
    '?__proto__=1',
    '?constructor=1',
    '?days=7',
    '?days=7&group_by=agent',
    '?percentiles=50,95',
    '?by=cost',
  ],
  ...['?bucket=hour&days=1', '?start_date=2026-01-01T00:00:00Z', '?start_date=2026-01-01', '?limit=', '?=2'],
  ...['/', '//', '?limit=2?', '?limit=2=3', '?limit=2;skip=1'],
];
const onList = (list: string, what: string, change: Partial<RawRequest> = {}): Case => [
  `${list}: ${what}`,
  { method: 'GET', target: `/api/v1/${list}`, headers: as(ADMIN_KEY), ...change },
];
const LIST_READS: readonly Case[] = LISTS.flatMap((list) => [
  ...QUERIES.map((query) => onList(list, `target ends with ${query}`, { target: `/api/v1/${list}${query}` })),
  onList(list, 'no key', { headers: [] }),
  onList(list, 'a key of an agent', { headers: [['X-API-Key', '{agent}']] }),
  onList(list, 'If-None-Match *', { headers: [...as(ADMIN_KEY), ['If-None-Match', '*']] }),
  onList(list, 'an own request id', { headers: [...as(ADMIN_KEY), ['X-Request-Id', 'mine-1']] }),
  onList(list, 'an origin that is listed', {
    headers: [...as(ADMIN_KEY), ['Origin', 'http://localhost:3000']],
  }),
  onList(list, 'an absolute target', { target: `http://localhost/api/v1/${list}?limit=1` }),
  onList(list, 'HEAD', { method: 'HEAD' }),
]);

describe.each(['true', 'false'])('the fast path and the routed path, asked to read, RBAC %s', (rbac) => {
  let paths: BothPaths;
  beforeAll(async () => {
    paths = await BothPaths.start(rbac);
  });
  afterAll(() => paths.remove());

  it.each([...READS, ...SUMMARIES, ...LIST_READS])('answer alike: %s', async (_what, request) => {
    const [fast, routed] = await paths.answers(request);
    expect(fast).toEqual(routed);
  });

  it('know what the client has', async () => {
    const target = '/api/v1/agents/bound';
    for (const service of paths.services) {
      const { headers } = await paths.ask(service, { method: 'GET', target, headers: as(ADMIN_KEY) });
      const tag = String(headers.etag);
      const again = (tags: string) =>
        paths.ask(service, { method: 'GET', target, headers: [...as(ADMIN_KEY), ['If-None-Match', tags]] });
      expect(await again(`"x", W/${tag}`)).toMatchObject({ status: 304, text: '', headers: { etag: tag } });
      await service.request('PUT', '/agents/bound', { role_reasoning: 'another' });
      expect((await again(tag)).status).toBe(200);
    }
  });

  it('leave the same log behind', async () => {
    for (const [fast, routed] of await paths.entries()) expect(fast).toEqual(routed);
  });

  it('show what was acknowledged before they were asked, however many ask', async () => {
    await Promise.all(
      Array.from({ length: 8 }, async (_, client) => {
        for (let round = 0; round < 10; round += 1) {
          const detail = `${client}-${round}`;
          const event = { agent_id: 'bound', operation_type: 'shown', operation_detail: detail };
          const { body: recorded } = await paths.fast.request('POST', '/events/ingest', event);
          const { body: page } = await paths.fast.request('GET', '/events/audit?limit=100');
          expect(page.map((entry: { audit_id: string }) => entry.audit_id)).toContain(recorded.audit_id);
        }
      }),
    );
  });
});
