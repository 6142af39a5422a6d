import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Health } from '../../apps/api/src/http/health.js';
import { expectProblem, newestEntries, UUID } from '../support/answers.js';
import { anAgent, TestService } from '../support/service.js';

const GET_PATHS = [
  ...['//', '//health', '//docs', '//docs/stream', '//openapi.json', '//asyncapi.json'],
  ...[
    '/agents',
    '/agents/registry',
    '/registry/agents',
    '/agents/stats/summary',
    '/agents/coder',
    '/agents/name/coder',
  ],
  ...[
    '/metrics',
    '/metrics/aggregate',
    '/metrics/timeseries',
    '/metrics/leaderboard',
    '/metrics/agent/coder/summary',
    '/metrics/quality',
    '/metrics/resources/usage',
  ],
  ...['/events', '/events/audit', '/events/audit/stats', '/agent-activity', '/registry/agents/coder/budget'],
  '/websocket/health',
];

describe('the service', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
    await service.request('POST', '/agents', anAgent());
  });
  afterAll(() => service.remove());

  it('says what it is at /', async () => {
    const { status, body } = await service.request('GET', '//');
    expect(status).toBe(200);
    expect(body).toEqual({
      status: 'online',
      service: expect.stringMatching(/./),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      message: expect.stringMatching(/./),
    });
  });

  it('says that it is healthy', async () => {
    const { status, body } = await service.request('GET', '//health');
    expect(status).toBe(200);
    expect(body).toEqual({ status: 'healthy', database: 'connected', api: 'operational' });
  });

  it('tells where its stream is', async () => {
    const { body } = await service.request('GET', '/websocket/health');
    expect(body).toEqual({
      status: 'healthy',
      active_connections: 0,
      endpoint: '/api/v1/agents/activity/stream',
    });
  });

  it('describes itself at /openapi.json and /docs', async () => {
    const { status, headers, body } = await service.request('GET', '//openapi.json');
    expect({ status, type: headers.get('content-type') }).toEqual({
      status: 200,
      type: expect.stringMatching(/json/),
    });
    expect(body.openapi).toMatch(/^3\./);
    const paths = Object.keys(body.paths).map((path) => path.replaceAll(/\{\w+\}/g, 'coder'));
    for (const path of GET_PATHS.slice(6)) expect(paths).toContain(`/api/v1${path}`);
    const docs = await service.request('GET', '//docs');
    expect({ status: docs.status, type: docs.headers.get('content-type') }).toEqual({
      status: 200,
      type: expect.stringMatching(/^text\/html/),
    });
  });

  describe('with a trailing slash', () => {
    /** Redirects are shown instead of followed. */
    const direct = async (path: string, method = 'GET', body?: string) => {
      const url = service.origin + (path.startsWith('//') ? path.slice(1) : `/api/v1${path}`);
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url, {
        method,
        redirect: 'manual',
        ...(body === undefined ? {} : { body, headers }),
      });
      return { status: response.status, text: await response.text() };
    };

    it.each(GET_PATHS)('answers GET %s directly and alike', async (path) => {
      const slashed = await direct(path === '//' ? path : `${path}/`);
      expect(slashed.status).toBe(200);
      // The page of the documentation names its files relative to its own path.
      if (path !== '//docs') expect(slashed).toEqual(await direct(path));
    });

    it('takes queries behind the slash', async () => {
      expect(await direct('/agents/?limit=1&role=developer')).toEqual(
        await direct('/agents?limit=1&role=developer'),
      );
      expect((await direct('/agents/?limit=0')).status).toBe(422);
    });

    it('answers changes directly', async () => {
      const changes: [string, string, string | undefined, number][] = [
        ['POST', '/agents/', JSON.stringify(anAgent({ name: 'slashed' })), 201],
        ['PUT', '/agents/slashed/', '{"role_confidence":1}', 200],
        ['POST', '/agents/slashed/activate/', undefined, 200],
        ['POST', '/agents/slashed/complete/', '{"success":true}', 200],
        ['POST', '/metrics/', '{"agent_id":"slashed","metric_type":"cost","cost_usd":1}', 201],
        ['POST', '/events/ingest/', '{}', 201],
        ['POST', '/budget/deduct/', '{"tokens_used":1,"cost_usd":1}', 201],
        ['DELETE', '/agents/slashed/', undefined, 204],
      ];
      for (const [method, path, body, status] of changes)
        expect([path, (await direct(path, method, body)).status]).toEqual([path, status]);
    });
  });

  describe('with X-Request-Id', () => {
    it.each(['a', 'req-1', 'A.b_c:d-9', '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11', 'x'.repeat(64)])(
      'goes by %s, in answers, problems and the log',
      async (id) => {
        const options = { headers: { 'x-request-id': id } };
        const answer = await service.request('POST', '/events/ingest', {}, options);
        expect(answer.headers.get('x-request-id')).toBe(id);
        expect(answer.body.trace_id).toBe(id);
        expect((await newestEntries(service))[0].trace_id).toBe(id);
        const problem = await service.request('GET', '/agents/nobody', undefined, options);
        expectProblem(problem, 404, 'AGENT_NOT_FOUND');
        expect(problem.body.trace_id).toBe(id);
        expect(
          (await service.request('GET', '//health', undefined, options)).headers.get('x-request-id'),
        ).toBe(id);
      },
    );

    it.each(['x'.repeat(65), 'a b', 'a/b', '<script>', '{}', 'a,b', 'é'])(
      'gives another id in place of %s',
      async (id) => {
        const answer = await service.request(
          'POST',
          '/events/ingest',
          {},
          { headers: { 'x-request-id': id } },
        );
        expect(answer.headers.get('x-request-id')).toMatch(UUID);
        expect(answer.body.trace_id).toBe(answer.headers.get('x-request-id'));
      },
    );

    it('absent gives each request an id of its own', async () => {
      const ids = await Promise.all(
        Array.from({ length: 5 }, async () =>
          (await service.request('GET', '//health')).headers.get('x-request-id'),
        ),
      );
      expect(new Set(ids).size).toBe(5);
      for (const id of ids) expect(id).toMatch(UUID);
    });
  });

  it.each(['http://localhost:3000', 'http://localhost:5173'])(
    'lets pages of %s read and write',
    async (origin) => {
      const { headers } = await service.request('GET', '/agents', undefined, { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-allow-credentials')).toBe('true');
      const exposed = headers.get('access-control-expose-headers')?.toLowerCase().split(/, */);
      expect(exposed).toEqual(expect.arrayContaining(['x-request-id', 'x-total-count', 'link', 'etag']));
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const asked = {
          'access-control-request-method': method,
          'access-control-request-headers': 'content-type',
        };
        const preflight = await service.request('OPTIONS', '/agents', undefined, {
          headers: { origin, ...asked },
        });
        expect(preflight.status).toBe(204);
        expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
        expect(preflight.headers.get('access-control-allow-methods')).toContain(method);
        expect(preflight.headers.get('access-control-allow-headers')).toMatch(/content-type/i);
      }
    },
  );

  it.each([...GET_PATHS, '/agents/nobody', '//nothing'])(
    'sends security headers with GET %s',
    async (path) => {
      const { headers } = await service.request('GET', path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );

  it.each([
    ['GET', '/nothing'],
    ['GET', '//nothing'],
    ['GET', '//api/v2/agents'],
    ['GET', '//docs/nothing'],
    ['GET', '//ws'],
    ['POST', '//health'],
    ['PATCH', '/agents'],
    ['DELETE', '/agents'],
    ['POST', '/agents/coder'],
    ['GET', '/agents/coder/activate'],
    ['PUT', '/metrics'],
    ['GET', '/budget/deduct'],
  ])('answers 404 for %s %s', async (method, path) => {
    expectProblem(await service.request(method, path), 404, 'NOT_FOUND');
  });
});

it('is not ready while it shuts down, and says when to come back', async () => {
  const service = await TestService.start();
  service.get(Health).startDraining();
  const answer = await service.request('GET', '//health');
  expectProblem(answer, 503, 'SHUTTING_DOWN');
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  await service.remove();
});
