import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditRepository } from '#audit';
import { ConfigError, parseEnvironment } from '#config';
import { send } from '../support/raw-http.js';
import { httpRoutesOf } from '../support/routes.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const PATHS = [
  '//',
  '//health',
  '//docs',
  '//openapi.json',
  '//docs/stream',
  '//asyncapi.json',
  '//nothing',
  '/nothing',
  '/agents',
  '/events/audit',
];
const TAKES_RBAC =
  /\/keys|\/audit\/(holds|sinks)|\/erase$|\/policy\/reload|\/approvals\/:approval_id\/(approve|deny)$/;
/** Of these there is none by the parameter that the tests put in. */
const WITHOUT_SUBJECT =
  /^\/\/docs\/LICENSE$|:(approval_id|audit_id|version|role|session_id)|audit_id=|audit\/verify$/;
/** What these must be asked with. */
const QUERIES: Readonly<Record<string, string>> = {
  '/api/v1/audit/proof/inclusion': '?audit_id=none',
  '/api/v1/audit/proof/consistency': '?from=1&to=1',
};
const LISTED = ['http://localhost:3000', 'http://localhost:5173'];

/** `GET /api/v1/agents/:agent_id` → its method, and its path with an agent that there is. */
function callOf(route: string): [method: string, path: string] {
  const [method = '', path = ''] = route.split(' ');
  return [method, `/${path.replace(/:agent_(id|name)/, 'coder')}${QUERIES[path] ?? ''}`];
}

const corsOf = ({ headers }: Answer) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-allow-origin')));

describe('what a page in a browser can do, RBAC off', () => {
  let service: TestService;
  let routes: string[];
  beforeAll(async () => {
    service = await TestService.start();
    await service.request('POST', '/agents', anAgent());
    await service.request('POST', '/audit/checkpoint');
    // What takes a known principal is refused to everybody here, whatever they send.
    routes = httpRoutesOf(service).filter((route) => !TAKES_RBAC.test(route));
  });
  afterAll(() => service.remove());

  const logSize = () => service.get(AuditRepository).size();
  // As a client that is no browser: `fetch` would add an Origin of its own to none of these.
  const call = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    service.request(method, path, body, { headers });

  it('leaves no entry by an export, unless reads are told', async () => {
    const told = await TestService.start({ AUDIT_READS: 'true' });
    await told.request('GET', '/audit/export');
    const { body } = await told.request('GET', '/events/audit?operation_type=audit.export');
    await told.remove();
    expect(body).toHaveLength(1);
  });

  it('changes nothing with GET or HEAD, on any route', async () => {
    const before = await logSize();
    const gets = routes.filter((route) => route.startsWith('GET ')).map(callOf);
    expect(gets.length).toBeGreaterThan(20);
    for (const [, path] of gets) {
      // Swagger's module keeps this file of its page from being served.
      const status = WITHOUT_SUBJECT.test(path) ? 404 : 200;
      expect([path, (await call('GET', path)).status]).toEqual([path, status]);
      expect([path, (await call('HEAD', path)).status]).toEqual([path, status]);
    }
    expect(await logSize()).toBe(before);
  });

  it.each([
    'text/plain',
    'text/plain; charset=application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/json-seq',
    'text/plain, application/json',
  ])('sends no body of type %s', async (type) => {
    const before = await logSize();
    const bodies = routes.filter((route) => /^(POST|PUT|PATCH) /.test(route)).map(callOf);
    expect(bodies.length).toBeGreaterThan(6);
    for (const [method, path] of bodies) {
      const { status, headers, body } = await call(
        method,
        path,
        { 'content-type': type },
        '{"success":true}',
      );
      expect([path, status, body.code]).toEqual([path, 415, 'UNSUPPORTED_MEDIA_TYPE']);
      expect(headers.get('content-type')).toMatch('application/problem+json');
    }
    expect(await logSize()).toBe(before);
  });

  it('sends no body without a type', async () => {
    const headers = [['Host', 'localhost']] as const;
    for (const route of routes.filter((each) => /^(POST|PUT|PATCH) /.test(each))) {
      const [method, path] = callOf(route);
      const answer = await send(service.service.port, { method, target: path.slice(1), headers, body: '{}' });
      expect([path, answer.status]).toEqual([path, 415]);
    }
  });

  it.each(LISTED)('reads answers from the listed origin %s, on every path', async (origin) => {
    for (const path of PATHS) {
      const answer = await call('GET', path, { origin });
      expect([path, corsOf(answer)]).toEqual([path, { 'access-control-allow-origin': origin }]);
      expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
      expect(answer.headers.get('vary')).toMatch('Origin');
    }
  });

  it('is told by a preflight what it may send from a listed origin', async () => {
    const preflight = { origin: LISTED[0]!, 'access-control-request-method': 'PUT' };
    const { status, headers } = await call('OPTIONS', '/agents/coder', preflight);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(LISTED[0]);
    expect(headers.get('access-control-allow-methods')).toMatch('PUT');
  });

  it.each(['http://evil.test', 'http://localhost:3001', 'https://localhost:3000', 'null', '*'])(
    'reads nothing from the origin %s, not even a preflight',
    async (origin) => {
      for (const path of PATHS) {
        const answer = await call('GET', path, { origin });
        expect([path, answer.status, corsOf(answer)]).toEqual([path, 403, {}]);
        const preflight = await call('OPTIONS', path, { origin, 'access-control-request-method': 'POST' });
        expect([path, preflight.status, corsOf(preflight)]).toEqual([path, 403, {}]);
      }
    },
  );

  it('names no origin to who sends none, or its own', async () => {
    for (const path of PATHS) {
      expect(corsOf(await call('GET', path))).toEqual({});
      expect(corsOf(await call('GET', path, { origin: service.origin }))).toEqual({});
    }
  });

  it('frames no answer', async () => {
    for (const path of [
      ...PATHS,
      '//docs/swagger-ui.css',
      '//docs/nothing',
      '//%zz',
      '/agents/%zz',
      '//ws',
    ]) {
      const { headers } = await call('GET', path);
      expect([path, headers.get('content-security-policy')]).toEqual([
        path,
        expect.stringContaining("frame-ancestors 'none'"),
      ]);
      expect(headers.get('x-frame-options')).toBe('DENY');
    }
  });

  it('acts as the principal local, of kind anonymous', async () => {
    await call('POST', '/agents/coder/activate');
    const [entry] = (await call('GET', '/events/audit?operation_type=agent.activate')).body;
    expect(entry.principal).toEqual({ id: 'local', kind: 'anonymous', role: 'admin' });
  });

  it('gains nothing from a key', async () => {
    await call('POST', '/agents/coder/activate', {
      'x-api-key': 'whatever',
      authorization: 'Bearer whatever',
    });
    const [entry] = (await call('GET', '/events/audit?operation_type=agent.activate')).body;
    expect(entry.principal.id).toBe('local');
  });
});

describe('the start, RBAC off', () => {
  it.each(['0.0.0.0', '::', '192.168.1.10', 'localhost.evil.test', 'LOCALHOST', '127.0.0.2'])(
    'fails with HOST=%s',
    (host) => {
      expect(() => parseEnvironment({ HOST: host })).toThrow(ConfigError);
      expect(() => parseEnvironment({ HOST: host, RBAC_ENABLED: 'true' })).not.toThrow();
    },
  );

  it.each(['*', 'http://localhost:3000,*', 'null', 'http://localhost:3000/', 'localhost:3000'])(
    'fails with CORS_ORIGINS=%s',
    (origins) => {
      expect(() => parseEnvironment({ CORS_ORIGINS: origins })).toThrow(/CORS_ORIGINS/);
    },
  );
});
