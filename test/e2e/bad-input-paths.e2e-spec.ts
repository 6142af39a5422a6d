import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem, visibleState } from '../support/answers.js';
import { callAsHook } from '../support/hook-client.js';
import { httpRoutesOf } from '../support/routes.js';
import { anAgent, TestService } from '../support/service.js';

/** Every call that names an agent in its path, with a body that it accepts. */
const BY_REFERENCE = [
  ['GET', '/agents/REF', undefined],
  ['GET', '/agents/name/REF', undefined],
  ['PUT', '/agents/REF', {}],
  ['DELETE', '/agents/REF', undefined],
  ['POST', '/agents/REF/activate', undefined],
  ['POST', '/agents/REF/complete', { success: true }],
  ['GET', '/metrics/agent/REF/summary', undefined],
  ['GET', '/registry/agents/REF/budget', undefined],
] as const;

const badWhole = (max: number): string[] => [
  '-1',
  '1.5',
  '1e1',
  'x',
  'true',
  '0x10',
  `${max + 1}`,
  '99999999999999999999',
  'NaN',
  '%00',
  '١',
];
const badCount = (max: number): string[] => ['0', ...badWhole(max)];
const BAD_TEXT = ['%00', 'a%00b', 'x'.repeat(4097)];
const BAD_ENUM = ['x', '%00', 'constructor', '__proto__'];
const BAD_PERCENTILES = ['x', '100', '-1', '1,', ',1', '1;2', '1.2345', '1,2,3,4,5,6,7,8,9,10,11', '%00'];
const BAD_TIME = ['x', '1', '10:00', '2026-02-30', '%00', '99999-01-01'];
const SKIP = badWhole(1e12);
const PERIOD = {
  ...{ agent_id: BAD_TEXT, metric_type: BAD_ENUM, days: badCount(90) },
  ...{ start_date: BAD_TIME, end_date: BAD_TIME },
};

/** Every query parameter of the contract, with values that it must refuse. */
const QUERIES: readonly [path: string, parameters: Record<string, readonly string[]>][] = [
  ...['/agents', '/agents/registry', '/registry/agents'].map(
    (path): [string, Record<string, readonly string[]>] => [
      path,
      {
        skip: SKIP,
        limit: badCount(500),
        role: BAD_ENUM,
        status: BAD_ENUM,
        category: BAD_TEXT,
        specialist: ['1', 'yes', 'TRUE', '%00'],
      },
    ],
  ),
  [
    '/metrics',
    {
      ...{ skip: SKIP, limit: badCount(1000), agent_id: BAD_TEXT, metric_type: BAD_ENUM },
      ...{ start_date: BAD_TIME, end_date: BAD_TIME },
    },
  ],
  ['/metrics/aggregate', { ...PERIOD, group_by: BAD_ENUM, bucket: BAD_ENUM, percentiles: BAD_PERCENTILES }],
  ['/metrics/timeseries', { ...PERIOD, bucket: BAD_ENUM, percentiles: BAD_PERCENTILES }],
  ['/metrics/leaderboard', { ...PERIOD, by: BAD_ENUM, limit: badCount(100) }],
  ['/metrics/quality', { agent_id: BAD_TEXT, days: badCount(90) }],
  ['/metrics/resources/usage', { agent_id: BAD_TEXT, days: badCount(90) }],
  [
    '/events/audit',
    {
      skip: SKIP,
      limit: badCount(500),
      agent_id: BAD_TEXT,
      operation_type: BAD_TEXT,
      rbac_decision: BAD_TEXT,
      q: [...BAD_TEXT, 'x'.repeat(201), '%20', '%22*'],
    },
  ],
  ['/events', { offset: SKIP, limit: badCount(500), agent_id: BAD_TEXT }],
  [
    '/activity/active',
    {
      ...{ skip: SKIP, limit: badCount(500), agent_id: BAD_TEXT, status: BAD_ENUM },
      ...{ role: BAD_TEXT, category: BAD_TEXT, session_id: BAD_TEXT },
    },
  ],
  [
    '/activity/sessions',
    {
      ...{ skip: SKIP, limit: badCount(500), agent_id: BAD_TEXT, since: BAD_TIME },
      active: ['1', 'yes', 'TRUE', '%00'],
    },
  ],
  [
    '/activity',
    {
      ...{ after_seq: ['-1', '1.5', 'x', '1e3'], limit: badCount(1000), agent: [...BAD_TEXT, ','] },
      ...{ type: ['nothing', ','], decision: ['maybe'], role: [','], category: [','], epoch: ['x', '%20'] },
    },
  ],
  ['/agent-activity', { offset: SKIP, limit: badCount(500), agent_id: BAD_TEXT, hours: badCount(168) }],
];

describe('bad paths and queries', () => {
  let service: TestService;
  let before: unknown;
  beforeAll(async () => {
    service = await TestService.start();
    await service.request('POST', '/agents', anAgent());
    before = await visibleState(service);
  });
  afterAll(async () => {
    await service.remove();
  });

  describe.each(BY_REFERENCE)('%s %s', (method, path, body) => {
    const call = (reference: string) => service.request(method, path.replace('REF', reference), body);

    it.each([
      ...[
        'nobody',
        'unknown',
        'system',
        'constructor',
        '__proto__',
        'Coder',
        'coder%20',
        '%F0%9F%A4%96',
        'x'.repeat(65),
      ],
      ...[
        '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
        '00000000-0000-0000-0000-000000000000',
        '-1',
        '1e400',
        '*',
        '%25',
      ],
      ...['%00', 'coder%00', '..%2f..%2fetc%2fpasswd', "'%20OR%201=1--", '%22', '%5C', '%EF%BF%BF', '%2F'],
    ])('knows no agent %s', async (reference) => {
      expectProblem(await call(reference), 404, 'AGENT_NOT_FOUND');
    });

    it('knows no agent with a name of any length', async () => {
      expectProblem(await call('x'.repeat(10_000)), 404, 'AGENT_NOT_FOUND');
    });

    it.each(['%', '%f', '%zz', '%ff', '%E0%A4%A', '%C0%80', '%ED%A0%80'])(
      'finds nothing at %s',
      async (reference) => {
        expectProblem(await call(reference), 404, 'NOT_FOUND');
      },
    );
  });

  describe.each(QUERIES)('GET %s', (path, parameters) => {
    it.each(Object.entries(parameters))('refuses each bad %s and names it', async (name, values) => {
      for (const value of [...values, `a&${name}=a`, `1&${name}=1`, `&${name}=`]) {
        const answer = await service.request('GET', `${path}?${name}=${value}`);
        const what = `${name}=${value.slice(0, 60)}`;
        expect([what, answer.status]).toEqual([what, 422]);
        expectProblem(answer, 422, 'VALIDATION_FAILED');
        const paths = answer.body.errors.map((error: { path: string }) => error.path.replace(/[.[].*$/s, ''));
        expect([what, new Set(paths)]).toEqual([what, new Set([name])]);
      }
    });

    it('takes absent, empty and unknown parameters', async () => {
      const empty = Object.keys(parameters).map((name) => `${name}=`);
      const plain = await service.request('GET', path);
      expect(plain.status).toBe(200);
      const queries = [
        empty.join('&'),
        'unheard_of=1',
        '__proto__=1',
        '__proto__[x]=1',
        'constructor=1',
        '&&=&=x',
        'limit[]=0',
      ];
      for (const query of [...queries, '%', '%ff=%ff', 'x=%', 'x='.repeat(2000), '%00=%00']) {
        const { status, body } = await service.request('GET', `${path}?${query}`);
        expect({ query: query.slice(0, 60), status, body }).toEqual({
          query: query.slice(0, 60),
          status: 200,
          body: plain.body,
        });
      }
    });

    it('answers whatever bytes a text parameter decodes to', async () => {
      for (const name of Object.keys(parameters)) {
        const { status } = await service.request('GET', `${path}?${name}=%ff%fe%`);
        expect([name, [200, 422].includes(status)]).toEqual([name, true]);
      }
    });
  });

  it('knows nothing by an id that is none, whatever its bytes', async () => {
    const bounded = await TestService.start({ RBAC_ENABLED: 'true' });
    const routes = httpRoutesOf(bounded).filter((route) => /:\w+_id/.test(route) && !/:agent_id/.test(route));
    expect(routes.length).toBeGreaterThan(10);
    for (const route of routes) {
      const [method = '', path = ''] = route.split(' ');
      for (const id of ['%00', 'a%00b', '%ED%A0%80', 'x'.repeat(200), '%F0%9F%98%80']) {
        const target = path.replace('/api/v1', '').replaceAll(/:\w+_id/g, id);
        const body =
          method === 'GET' || method === 'DELETE' ? undefined : { reason: 'x', request_hash: '0'.repeat(64) };
        const { status } = await bounded.request(method, target, body);
        expect([route, id, [403, 404, 422].includes(status)]).toEqual([route, id, true]);
      }
    }
    await bounded.remove();
  });

  it('answers targets that are no clean path without failing', async () => {
    const targets = [
      '/..',
      '/../api/v1/agents',
      '/api/v1//agents',
      '/api/v1/agents//',
      '/%',
      '/%ff',
      '/api/v1/%ff',
      '/api/v1/;',
    ];
    for (const target of [
      ...targets,
      '/api/v1/agents;x=1',
      '/\\',
      '/api/v1/agents/./coder',
      '/?%',
      '/health?%ff',
    ]) {
      const answer = await callAsHook({ port: service.service.port, method: 'GET', path: target });
      expect([target, answer.status === 200 || answer.status === 404]).toEqual([target, true]);
      if (answer.status === 404) {
        expect([target, answer.headers['content-type']]).toEqual([
          target,
          expect.stringMatching(/^application\/problem\+json/),
        ]);
        expect(answer.body.trace_id).toBe(answer.headers['x-request-id']);
      }
    }
  });

  it('changed nothing by all of this', async () => {
    expect(await visibleState(service)).toEqual(before);
  });
});
