import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey, register } from '../support/access-calls.js';
import { anAgent, ADMIN_KEY, TestService } from '../support/service.js';
import { type HeaderLines, type RawAnswer, type RawRequest, send } from '../support/raw-http.js';

const EVENT = '{"agent_id":"coder","operation_type":"tool_use","context":{"a":[1,null]},"more":1}';
const METRIC = '{"agent_id":"coder","metric_type":"cost","cost_usd":1.5,"tokens_used":7}';
const CHARGE = '{"agent_id":"coder","tokens_used":5,"cost_usd":0.25}';

const JSON_TYPE: HeaderLines = [['Content-Type', 'application/json']];
const as = (key: string): HeaderLines => [['X-API-Key', key]];
const KNOWN: HeaderLines = [...as(ADMIN_KEY), ...JSON_TYPE];

type Case = readonly [what: string, request: RawRequest];

const onAll = (what: string, change: Partial<RawRequest>): Case[] => [
  [`event: ${what}`, { target: '/api/v1/events/ingest', body: EVENT, headers: KNOWN, ...change }],
  [`metric: ${what}`, { target: '/api/v1/metrics', body: METRIC, headers: KNOWN, ...change }],
  [`charge: ${what}`, { target: '/api/v1/budget/deduct', body: CHARGE, headers: KNOWN, ...change }],
];

/** Bodies, and what else may be wrong with a request. */
const CASES: readonly Case[] = [
  ...onAll('in order', {}),
  ...onAll('no members', { body: '{}' }),
  ...[
    '',
    ' ',
    'null',
    '[]',
    '"x"',
    '1',
    '{',
    '{"a":1}}',
    '\xef\xbb\xbf{}',
    '{"agent_id":"\xff\xc3\xa4"}',
    '{"__proto__":{"a":1}}',
  ].flatMap((body) => onAll(`body ${JSON.stringify(body)}`, { body })),
  ...onAll('bad values', { body: '{"agent_id":1,"cost_usd":-1,"tokens_used":"x","metric_type":"y"}' }),
  ...onAll('a nested body', { body: `{"context":${'['.repeat(200)}${']'.repeat(200)}}` }),
  ...onAll('NUL and lone surrogates', {
    body: '{"agent_id":"co\\u0000der","tool_name":"\\ud800","operation_detail":"\\ud800"}',
  }),
  ...onAll('an unknown agent', {
    body: '{"agent_id":"nobody","metric_type":"cost","cost_usd":1,"tokens_used":1}',
  }),
  ...onAll('a large body', { body: `{"operation_detail":"${'x'.repeat(70_000)}"}` }),
  ...onAll('too large a body', { body: `{"operation_detail":"${'x'.repeat(300_000)}"}` }),
  ...onAll('no key', { headers: JSON_TYPE }),
  ...onAll('an unknown key', { headers: [...JSON_TYPE, ...as('wrong')] }),
  ...onAll('the key as bearer', { headers: [...JSON_TYPE, ['Authorization', `Bearer ${ADMIN_KEY}`]] }),
  ...onAll('a key of an agent for another', { headers: [...JSON_TYPE, ['X-API-Key', '{agent}']] }),
  ...onAll('a key of an agent for itself', {
    headers: [...JSON_TYPE, ['X-API-Key', '{agent}']],
    body: '{"agent_id":"bound","metric_type":"cost","cost_usd":1,"tokens_used":1}',
  }),
  ...onAll('an own request id', { headers: [...KNOWN, ['X-Request-Id', 'mine-1']] }),
  ...onAll('a request id that is none', { headers: [...KNOWN, ['X-Request-Id', 'no id!']] }),
  ...[
    'text/plain',
    'application/json; charset=utf-8',
    'application/json;charset=utf-16',
    'application/json; charset=latin1',
    'application/jsonx',
    'application/json, text/plain',
  ].flatMap((type) => onAll(`type ${type}`, { headers: [...as(ADMIN_KEY), ['Content-Type', type]] })),
  ...onAll('no type', { headers: as(ADMIN_KEY) }),
  ...onAll('an encoding', { headers: [...KNOWN, ['Content-Encoding', 'gzip']] }),
  ...onAll('an origin that is listed', { headers: [...KNOWN, ['Origin', 'http://localhost:3000']] }),
  ...onAll('a foreign origin', { headers: [...KNOWN, ['Origin', 'https://evil.example']] }),
  ...onAll('a foreign site', { headers: [...KNOWN, ['Sec-Fetch-Site', 'cross-site']] }),
  ...onAll('a second Host', { headers: [...KNOWN, ['Host', 'a'], ['Host', 'b']] }),
  ...onAll('an expectation', { headers: [...KNOWN, ['Expect', '100-continue']] }),
  ...onAll('another method', { method: 'PUT' }),
  ...onAll('HTTP/1.0', { version: '1.0' }),
  ...['?x=1', '/', '//', '#x', '%20'].flatMap((end) =>
    onAll(`target ends with ${end}`, {}).map(([what, request]): Case => [
      what,
      { ...request, target: `${request.target}${end}` },
    ]),
  ),
  ...['/API/v1/events/ingest', '//api/v1/events/ingest', '/api/v1/events/%69ngest', '/api/v1/./metrics'].map(
    (target): Case => [target, { target, body: EVENT, headers: KNOWN }],
  ),
];

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

/** What differs from one request to the next, and what from one service to the other, made alike. */
function normalised({ status, headers, text }: RawAnswer): unknown {
  const { 'x-request-id': id, 'content-length': length, etag, ...rest } = headers;
  const alike = text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
  return {
    status,
    headers: { ...rest, date: '' },
    id: id === 'mine-1' ? id : typeof id,
    etag: typeof etag,
    text: alike,
    lengthGiven: length !== undefined,
  };
}

describe.each(['true', 'false'])('the fast path and the routed path, RBAC %s', (rbac) => {
  let fast: TestService;
  let routed: TestService;
  let agentKeys: Map<TestService, string>;
  beforeAll(async () => {
    const env = { RBAC_ENABLED: rbac, BODY_LIMIT: '200kb' };
    [fast, routed] = await Promise.all([
      TestService.start({ ...env, FAST_PATH: 'true' }),
      TestService.start({ ...env, FAST_PATH: 'false' }),
    ]);
    agentKeys = new Map();
    for (const service of [fast, routed]) {
      await service.request('POST', '/agents', anAgent());
      agentKeys.set(service, (await aKey(service, 'developer', await register(service, 'bound'))).secret);
    }
  });
  afterAll(() => Promise.all([fast.remove(), routed.remove()]));

  const ask = (service: TestService, { headers = [], ...request }: RawRequest): Promise<RawAnswer> => {
    const own: HeaderLines = headers.some(([name]) => name === 'Host') ? [] : [['Host', 'localhost']];
    const key = agentKeys.get(service) ?? '';
    const lines = headers.map(([name, value]) => [name, value.replace('{agent}', key)] as const);
    return send(service.service.port, { method: 'POST', ...request, headers: [...own, ...lines] });
  };

  it.each([...CASES, ...READS, ...SUMMARIES, ...LIST_READS])('answer alike: %s', async (_what, request) => {
    const expected = await ask(routed, request);
    expect(normalised(await ask(fast, request))).toEqual(normalised(expected));
  });

  it('know what the client has', async () => {
    const target = '/api/v1/agents/bound';
    for (const service of [fast, routed]) {
      const { headers } = await ask(service, { method: 'GET', target, headers: as(ADMIN_KEY) });
      const tag = String(headers.etag);
      const again = (tags: string) =>
        ask(service, { method: 'GET', target, headers: [...as(ADMIN_KEY), ['If-None-Match', tags]] });
      expect(await again(`"x", W/${tag}`)).toMatchObject({ status: 304, text: '', headers: { etag: tag } });
      await service.request('PUT', '/agents/bound', { role_reasoning: 'another' });
      expect((await again(tag)).status).toBe(200);
    }
  });

  it('leave the same log behind', async () => {
    const log = async (service: TestService): Promise<unknown[]> => {
      const entries: unknown[] = [];
      for (let offset = 0; ; offset += 100) {
        const { body } = await service.request('GET', `/events/audit?limit=100&offset=${offset}`);
        entries.push(...body);
        if (body.length < 100) break;
      }
      return JSON.parse(
        JSON.stringify(entries)
          .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
          .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>'),
      );
    };
    expect(await log(fast)).toEqual(await log(routed));
  });

  it('show what was acknowledged before they were asked, however many ask', async () => {
    await Promise.all(
      Array.from({ length: 8 }, async (_, client) => {
        for (let round = 0; round < 10; round += 1) {
          const detail = `${client}-${round}`;
          const event = { agent_id: 'bound', operation_type: 'shown', operation_detail: detail };
          const { body: recorded } = await fast.request('POST', '/events/ingest', event);
          const { body: page } = await fast.request('GET', '/events/audit?limit=100');
          expect(page.map((entry: { audit_id: string }) => entry.audit_id)).toContain(recorded.audit_id);
        }
      }),
    );
  });
});
