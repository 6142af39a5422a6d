import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { as, BothPaths, type Case, JSON_TYPE, KNOWN } from '../support/both-paths.js';
import type { RawRequest } from '../support/raw-http.js';
import { ADMIN_KEY } from '../support/service.js';

const EVENT = '{"agent_id":"coder","operation_type":"tool_use","context":{"a":[1,null]},"more":1}';
const METRIC = '{"agent_id":"coder","metric_type":"cost","cost_usd":1.5,"tokens_used":7}';
const CHARGE = '{"agent_id":"coder","tokens_used":5,"cost_usd":0.25}';
const CHECK = '{"agent_id":"coder","tool_name":"Read","file_path":"src/a.ts","more":1}';

const onAll = (what: string, change: Partial<RawRequest>): Case[] => [
  [`event: ${what}`, { target: '/api/v1/events/ingest', body: EVENT, headers: KNOWN, ...change }],
  [`metric: ${what}`, { target: '/api/v1/metrics', body: METRIC, headers: KNOWN, ...change }],
  [`charge: ${what}`, { target: '/api/v1/budget/deduct', body: CHARGE, headers: KNOWN, ...change }],
  [`check: ${what}`, { target: '/api/v1/rbac/check', body: CHECK, headers: KNOWN, ...change }],
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
    body: '{"agent_id":"nobody","metric_type":"cost","cost_usd":1,"tokens_used":1,"tool_name":"LS"}',
  }),
  ...onAll('a large body', { body: `{"operation_detail":"${'x'.repeat(70_000)}"}` }),
  ...onAll('too large a body', { body: `{"operation_detail":"${'x'.repeat(300_000)}"}` }),
  ...onAll('no key', { headers: JSON_TYPE }),
  ...onAll('an unknown key', { headers: [...JSON_TYPE, ...as('wrong')] }),
  ...onAll('the key as bearer', { headers: [...JSON_TYPE, ['Authorization', `Bearer ${ADMIN_KEY}`]] }),
  ...onAll('a key of an agent for another', { headers: [...JSON_TYPE, ['X-API-Key', '{agent}']] }),
  ...onAll('a key of an agent for itself', {
    headers: [...JSON_TYPE, ['X-API-Key', '{agent}']],
    body: '{"agent_id":"bound","metric_type":"cost","cost_usd":1,"tokens_used":1,"tool_name":"LS"}',
  }),
  ...onAll('a key of a role that may not', { headers: [...JSON_TYPE, ...as('{barred}')] }),
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
  ...['/API/v1/rbac/check', '//api/v1/rbac/check', '/api/v1/rbac/%63heck', '/api/v1/./rbac/check'].map(
    (target): Case => [target, { target, body: CHECK, headers: KNOWN }],
  ),
  ...['/API/v1/events/ingest', '//api/v1/events/ingest', '/api/v1/events/%69ngest', '/api/v1/./metrics'].map(
    (target): Case => [target, { target, body: EVENT, headers: KNOWN }],
  ),
];

/** Questions, and what each is to be answered with: a decision, or the status of a refusal. */
const QUESTIONS: readonly (readonly [expected: string | number, body: string])[] = [
  [
    'allowed',
    '{"agent_id":"asker","tool_name":"Bash","command":"npm test","cwd":"/srv/shop","context":{"a":[1]}}',
  ],
  [
    'allowed',
    '{"agent_name":"asker","tool_name":"Write","tool_input":{"file_path":"src/ä.ts","content":"password=hunter22"}}',
  ],
  [
    'allowed',
    '{"agent_id":"asker","tool_name":"Read","file_path":"src/a.ts","estimated_tokens":10,"estimated_cost_usd":0.5}',
  ],
  ['allowed', '{"agent_id":"nobody","agent_role":"developer","tool_name":"Read","file_path":"src/a.ts"}'],
  ['denied', '{"agent_id":"nobody","tool_name":"Read","file_path":"src/a.ts"}'],
  ['denied', '{"agent_id":"nobody","agent_role":"admin","tool_name":"Read","file_path":"src/a.ts"}'],
  ['denied', '{"tool_name":"Read","file_path":"src/a.ts"}'],
  ['denied', '{"agent_id":"asker","tool_name":"Read","file_path":"/etc/passwd"}'],
  ['denied', '{"agent_id":"asker","tool_name":"WebFetch","agent_role":"admin"}'],
  ['denied', '{"agent_id":"asker","tool_name":"Read","file_path":"src/a.ts","estimated_cost_usd":1000000}'],
  ['requires_approval', '{"agent_id":"careful","tool_name":"Read","file_path":"src/a.ts"}'],
  // Asked again, it waits for the same approval.
  ['requires_approval', '{"agent_id":"careful","tool_name":"Read","file_path":"src/a.ts"}'],
  [
    'requires_approval',
    '{"agent_id":"asker","tool_name":"Bash","command":"npm test","operation":"production_deploy"}',
  ],
  // One tool use, asked about twice, and then about another file.
  ['allowed', '{"agent_id":"asker","tool_name":"Read","file_path":"src/a.ts","tool_use_id":"toolu_1"}'],
  ['allowed', '{"agent_id":"asker","tool_name":"Read","file_path":"src/a.ts","tool_use_id":"toolu_1"}'],
  ['denied', '{"agent_id":"asker","tool_name":"Read","file_path":"src/b.ts","tool_use_id":"toolu_1"}'],
  // A session is held to its first directory.
  [
    'allowed',
    '{"agent_id":"asker","session_id":"s","cwd":"/srv/shop","tool_name":"Read","file_path":"src/a.ts"}',
  ],
  ['denied', '{"agent_id":"asker","session_id":"s","cwd":"/","tool_name":"Read","file_path":"/src/a.ts"}'],
  ['denied', '{"agent_id":"asker","tool_name":"\\ud800"}'],
  ['denied', '{"agent_id":"as\\u0000ker","tool_name":"Read","file_path":"src/\\u0000a"}'],
  ['denied', '{"agent_id":"asker","tool_name":"Bash","tool_input":{"command":7}}'],
  [
    'allowed',
    '{"agent_id":"asker","tool_name":"Read","tool_input":{"file_path":"src/a.ts","__proto__":{"a":1}},"file_path":null}',
  ],
  ['denied', '{"agent_id":"asker","tool_name":"Read","tool_name":"WebFetch"}'],
  [
    'denied',
    `{"agent_id":"asker","tool_name":"Read","tool_input":{"file_path":"src/a.ts","deep":${'['.repeat(200)}${']'.repeat(200)}}}`,
  ],
  ['denied', `{"agent_id":"asker","tool_name":"Read","file_path":"src/${'x'.repeat(70_000)}"}`],
  ['denied', `{"agent_id":"${'x'.repeat(70_000)}","tool_name":"${'x'.repeat(70_000)}"}`],
  [413, `{"agent_id":"asker","tool_name":"Read","file_path":"src/${'x'.repeat(300_000)}"}`],
  [422, '{"agent_id":"asker","tool_name":null}'],
  [422, '{"agent_id":"asker","tool_name":7}'],
  [422, '{"agent_id":["asker"],"tool_name":"Read"}'],
  [422, '{"agent_id":"asker","tool_name":"Read","tool_input":"x"}'],
  [422, '{"agent_id":"asker","tool_name":"Read","tool_input":[],"context":"x"}'],
  [422, '{"agent_id":"asker","tool_name":"Read","estimated_tokens":-1}'],
  [422, '{"agent_id":"asker","tool_name":"Read","estimated_tokens":1.5}'],
  [422, '{"agent_id":"asker","tool_name":"Read","estimated_cost_usd":1e999}'],
];

describe.each(['true', 'false'])('the fast path and the routed path, RBAC %s', (rbac) => {
  let paths: BothPaths;
  beforeAll(async () => {
    paths = await BothPaths.start(rbac);
  });
  afterAll(() => paths.remove());

  it.each(CASES)('answer alike: %s', async (_what, request) => {
    const [fast, routed] = await paths.answers(request);
    expect(fast).toEqual(routed);
  });

  it.each(QUESTIONS)('answer alike: %s, question %#', async (expected, body) => {
    const request = { target: '/api/v1/rbac/check', body, headers: KNOWN };
    const [fast, routed] = await paths.answers(request);
    expect(fast).toEqual(routed);
    expect(fast).toMatchObject(
      typeof expected === 'number'
        ? { status: expected }
        : { status: 200, text: expect.stringContaining(`{"decision":"${expected}",`) },
    );
  });

  it('leave the same log behind', async () => {
    for (const [fast, routed] of await paths.entries()) expect(fast).toEqual(routed);
  });
});
