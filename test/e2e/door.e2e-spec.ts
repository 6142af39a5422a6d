import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditRepository } from '#audit';
import { exchange, type HeaderLines, type RawAnswer, send, sendUpgrade } from '../support/raw-http.js';
import { TestService } from '../support/service.js';

const HOST = ['Host', 'localhost'] as const;
const LISTED = 'http://dashboard.test:3000';

/** What nobody may be served with while RBAC is off. */
const REFUSED: readonly [what: string, code: string, headers: HeaderLines][] = [
  ['a foreign Host', 'HOST_NOT_ALLOWED', [['Host', 'evil.test']]],
  ['a Host that begins like an own name', 'HOST_NOT_ALLOWED', [['Host', 'localhost.evil.test']]],
  ['a Host that ends like an own name', 'HOST_NOT_ALLOWED', [['Host', 'evil-localhost']]],
  ['a Host with a name in place of the port', 'HOST_NOT_ALLOWED', [['Host', 'localhost:evil.test']]],
  ['a Host with two ports', 'HOST_NOT_ALLOWED', [['Host', 'localhost:80:80']]],
  ['a Host with an empty port', 'HOST_NOT_ALLOWED', [['Host', 'localhost:']]],
  ['a Host with a negative port', 'HOST_NOT_ALLOWED', [['Host', 'localhost:-1']]],
  ['a Host with userinfo before a foreign name', 'HOST_NOT_ALLOWED', [['Host', 'localhost@evil.test']]],
  ['a Host with userinfo before an own name', 'HOST_NOT_ALLOWED', [['Host', 'evil.test@localhost']]],
  ['a Host with a path', 'HOST_NOT_ALLOWED', [['Host', 'localhost/evil.test']]],
  ['a Host with a trailing dot', 'HOST_NOT_ALLOWED', [['Host', 'localhost.']]],
  ['a Host list', 'HOST_NOT_ALLOWED', [['Host', 'localhost, evil.test']]],
  ['an empty Host', 'HOST_NOT_ALLOWED', [['Host', '']]],
  ['a Host with a port only', 'HOST_NOT_ALLOWED', [['Host', ':8000']]],
  ['a bare IPv6 address as Host', 'HOST_NOT_ALLOWED', [['Host', '::1']]],
  ['another loopback address as Host', 'HOST_NOT_ALLOWED', [['Host', '127.0.0.2']]],
  ['a shortened loopback address as Host', 'HOST_NOT_ALLOWED', [['Host', '127.1']]],
  ['the address of all interfaces as Host', 'HOST_NOT_ALLOWED', [['Host', '0.0.0.0']]],
  ['no Host', 'HOST_NOT_ALLOWED', []],
  ['two Hosts, the foreign one last', 'HOST_NOT_ALLOWED', [HOST, ['Host', 'evil.test']]],
  ['two Hosts, the foreign one first', 'HOST_NOT_ALLOWED', [['Host', 'evil.test'], HOST]],
  ['the same Host twice', 'HOST_NOT_ALLOWED', [HOST, ['host', 'localhost']]],
  ['X-Forwarded-For', 'HOST_NOT_ALLOWED', [HOST, ['X-Forwarded-For', '127.0.0.1']]],
  ['X-Forwarded-Host', 'HOST_NOT_ALLOWED', [HOST, ['X-Forwarded-Host', 'localhost']]],
  ['X-Forwarded-Proto', 'HOST_NOT_ALLOWED', [HOST, ['x-forwarded-proto', 'http']]],
  ['Forwarded', 'HOST_NOT_ALLOWED', [HOST, ['Forwarded', 'for=127.0.0.1']]],
  ['X-Real-IP', 'HOST_NOT_ALLOWED', [HOST, ['X-Real-IP', '127.0.0.1']]],
  ['Via', 'HOST_NOT_ALLOWED', [HOST, ['Via', '1.1 proxy']]],
  ['a foreign Origin', 'ORIGIN_NOT_ALLOWED', [HOST, ['Origin', 'http://evil.test']]],
  ['the Origin of another port', 'ORIGIN_NOT_ALLOWED', [HOST, ['Origin', 'http://localhost:1']]],
  ['an Origin that begins like a listed one', 'ORIGIN_NOT_ALLOWED', [HOST, ['Origin', `${LISTED}0`]]],
  ['a listed Origin in upper case', 'ORIGIN_NOT_ALLOWED', [HOST, ['Origin', LISTED.toUpperCase()]]],
  ['the Origin null', 'ORIGIN_NOT_ALLOWED', [HOST, ['Origin', 'null']]],
  ['an empty Origin', 'ORIGIN_NOT_ALLOWED', [HOST, ['Origin', '']]],
  [
    'two Origins, one foreign',
    'ORIGIN_NOT_ALLOWED',
    [HOST, ['Origin', LISTED], ['Origin', 'http://evil.test']],
  ],
  ['two listed Origins', 'ORIGIN_NOT_ALLOWED', [HOST, ['Origin', LISTED], ['Origin', LISTED]]],
  ['a cross-site call without Origin', 'ORIGIN_NOT_ALLOWED', [HOST, ['Sec-Fetch-Site', 'cross-site']]],
  ['a same-site call without Origin', 'ORIGIN_NOT_ALLOWED', [HOST, ['Sec-Fetch-Site', 'same-site']]],
  ['an unknown Sec-Fetch-Site', 'ORIGIN_NOT_ALLOWED', [HOST, ['Sec-Fetch-Site', 'same-origin-ish']]],
  [
    'two Sec-Fetch-Site, one of them same-origin',
    'ORIGIN_NOT_ALLOWED',
    [HOST, ['Sec-Fetch-Site', 'same-origin'], ['Sec-Fetch-Site', 'cross-site']],
  ],
  [
    'a cross-site call of a foreign Origin',
    'ORIGIN_NOT_ALLOWED',
    [HOST, ['Sec-Fetch-Site', 'cross-site'], ['Origin', 'http://evil.test']],
  ],
];

/** … and what everybody on this machine may. */
const ADMITTED: readonly [what: string, headers: HeaderLines][] = [
  ['localhost', [HOST]],
  ['localhost with any port', [['Host', 'localhost:1']]],
  ['localhost in upper case', [['Host', 'LocalHost:8000']]],
  ['127.0.0.1', [['Host', '127.0.0.1']]],
  ['[::1]', [['Host', '[::1]']]],
  ['[::1] with a port', [['Host', '[::1]:8000']]],
  ['a name in ALLOWED_HOSTS', [['Host', 'map.internal']]],
  ['a name in ALLOWED_HOSTS with a port, in another case', [['Host', 'Map.Internal:8000']]],
  [
    'its own Origin',
    [
      ['Host', 'localhost:8000'],
      ['Origin', 'http://localhost:8000'],
    ],
  ],
  [
    'its own Origin under a name in ALLOWED_HOSTS',
    [
      ['Host', 'map.internal'],
      ['Origin', 'http://map.internal'],
    ],
  ],
  ['an Origin in CORS_ORIGINS', [HOST, ['Origin', LISTED]]],
  ['Sec-Fetch-Site none', [HOST, ['Sec-Fetch-Site', 'none']]],
  ['Sec-Fetch-Site same-origin', [HOST, ['Sec-Fetch-Site', 'same-origin']]],
  [
    'Sec-Fetch-Site same-site with a listed Origin',
    [HOST, ['Sec-Fetch-Site', 'same-site'], ['Origin', LISTED]],
  ],
  [
    'Sec-Fetch-Site cross-site with a listed Origin',
    [HOST, ['Sec-Fetch-Site', 'cross-site'], ['Origin', LISTED]],
  ],
];

const PATHS = [
  '/',
  '/health',
  '/docs',
  '/docs/swagger-ui.css',
  '/openapi.json',
  '/docs/stream',
  '/asyncapi.json',
  '/nothing',
  '/ws',
  '/api/v1',
].concat(['/api/v1/nothing', '/api/v1/agents', '/api/v1/agents/', '/api/v1/events/audit?limit=1']);
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND'];
const SOCKET_PATHS = [
  '/ws',
  '/ws/',
  '/api/v1/agents/activity/stream',
  '/',
  '/health',
  '/nothing',
  '/api/v1/agents',
];

const problemOf = (answer: RawAnswer) => JSON.parse(answer.text) as Record<string, unknown>;

function expectProblem(answer: RawAnswer, status: number, code: string): void {
  expect({ status: answer.status, ...problemOf(answer) }).toMatchObject({
    status,
    code,
    type: 'about:blank',
  });
  expect(answer.headers).toMatchObject({
    'content-type': 'application/problem+json; charset=utf-8',
    'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
    'x-request-id': problemOf(answer)['trace_id'],
  });
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
}

describe('the door, RBAC off', () => {
  let service: TestService;
  let port: number;
  beforeAll(async () => {
    service = await TestService.start({ ALLOWED_HOSTS: 'map.internal', CORS_ORIGINS: LISTED });
    port = service.service.port;
  });
  afterAll(() => service.remove());

  describe.each(REFUSED)('refuses %s', (_what, code, headers) => {
    it('on every path, with any method', async () => {
      for (const target of PATHS)
        for (const method of METHODS) expectProblem(await send(port, { method, target, headers }), 403, code);
    });

    it('on every path, as an upgrade', async () => {
      for (const target of SOCKET_PATHS)
        expectProblem(await sendUpgrade(port, { target, headers }), 403, code);
    });
  });

  describe.each(ADMITTED)('admits %s', (_what, headers) => {
    it('to what there is', async () => {
      for (const target of ['/', '/health', '/docs', '/openapi.json', '/api/v1/agents'])
        expect((await send(port, { target, headers })).status).toBe(200);
      expectNotFound(await send(port, { target: '/nothing', headers }));
    });

    it('to the stream', async () => {
      expect((await sendUpgrade(port, { target: '/ws', headers })).status).toBe(101);
    });
  });

  const expectNotFound = (answer: RawAnswer) => {
    expect([answer.status, problemOf(answer)['code']]).toEqual([404, 'NOT_FOUND']);
  };

  it('refuses HTTP/1.0 without a Host, and admits it with one', async () => {
    for (const target of PATHS)
      expectProblem(await send(port, { target, version: '1.0' }), 403, 'HOST_NOT_ALLOWED');
    expect((await send(port, { target: '/health', version: '1.0', headers: [HOST] })).status).toBe(200);
  });

  it.each(['http://localhost/health', 'http://evil.test/health', 'https://localhost/', 'localhost:80', '*'])(
    'refuses the target %s',
    async (target) => {
      for (const method of ['GET', 'OPTIONS']) {
        const answer = await send(port, { method, target, headers: [HOST] });
        // A target that is no URI at all does not get past Node's parser.
        if (answer.status === 400) expectProblem(answer, 400, 'BAD_REQUEST');
        else expectProblem(answer, 403, 'HOST_NOT_ALLOWED');
      }
    },
  );

  it('leaves no trace of what it refused in the log', async () => {
    const headers: HeaderLines = [['Host', 'evil.test']];
    await send(port, { method: 'POST', target: '/api/v1/events/ingest', headers });
    await sendUpgrade(port, { target: '/ws', headers });
    expect(await service.get(AuditRepository).size()).toBe(0);
  });

  it('answers a request that expects what HTTP does not know', async () => {
    const headers: HeaderLines = [HOST, ['Expect', 'the-unexpected']];
    expect((await send(port, { target: '/health', headers })).status).toBe(200);
  });

  it.each([
    ['no HTTP', 'GARBAGE\r\n\r\n', 400],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['a header name with a blank', 'GET / HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n', 400],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: \0\r\n\r\n', 400],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\nOrigin\r\n\r\n', 400],
    [
      'a length beside chunks',
      'POST /api/v1/events/ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n',
      400,
    ],
    ['headers without an end', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('answers %s with a problem', async (_what, bytes, status) => {
    expectProblem(await exchange(port, bytes), status, 'BAD_REQUEST');
  });
});
