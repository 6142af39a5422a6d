import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey, register, type TestKey } from '../support/access-calls.js';
import { ADMIN_KEY, type Answer, TestService } from '../support/service.js';

type Place = 'path' | 'query' | 'body';
/**
 * What a key that is bound to an agent gets for a reference to another: `refused`, 403 NOT_OWN_AGENT; `barred`, the
 * same for what is no agent at all; `kept`, booked to its own agent with the claim; `shown`, since the registry is for all; `never`, not even for its own agent.
 */
type Foreign = 'refused' | 'barred' | 'kept' | 'shown' | 'never';

const TABLE: readonly [route: string, place: Place, foreign: Foreign][] = [
  ['POST /api/v1/agents', 'body', 'never'],
  ['GET /api/v1/agents/{agent_id}', 'path', 'shown'],
  ['GET /api/v1/agents/name/{agent_name}', 'path', 'shown'],
  ['PUT /api/v1/agents/{agent_id}', 'path', 'never'],
  ['DELETE /api/v1/agents/{agent_id}', 'path', 'never'],
  ['POST /api/v1/agents/{agent_id}/activate', 'path', 'refused'],
  ['POST /api/v1/agents/{agent_id}/complete', 'path', 'refused'],
  ['POST /api/v1/keys', 'body', 'never'],
  ['POST /api/v1/audit/holds', 'body', 'never'],
  ['POST /api/v1/audit/sinks', 'body', 'never'],
  ['POST /api/v1/metrics', 'body', 'refused'],
  ['GET /api/v1/metrics', 'query', 'refused'],
  ['GET /api/v1/metrics/aggregate', 'query', 'refused'],
  ['GET /api/v1/metrics/agent/{agent_id}/summary', 'path', 'refused'],
  ['GET /api/v1/metrics/timeseries', 'query', 'refused'],
  ['GET /api/v1/metrics/leaderboard', 'query', 'refused'],
  ['GET /api/v1/metrics/quality', 'query', 'refused'],
  ['GET /api/v1/metrics/resources/usage', 'query', 'refused'],
  ['POST /api/v1/budget/deduct', 'body', 'kept'],
  ['POST /api/v1/budget/reserve', 'body', 'refused'],
  ['GET /api/v1/budget/ledger', 'query', 'refused'],
  ['GET /api/v1/registry/agents/{agent_id}/budget', 'path', 'refused'],
  ['POST /api/v1/rbac/check', 'body', 'barred'],
  ['POST /api/v1/rbac/explain', 'body', 'barred'],
  ['POST /api/v1/rbac/simulate', 'body', 'never'],
  ['GET /api/v1/rbac/effective/{agent_id}', 'path', 'refused'],
  ['GET /api/v1/approvals', 'query', 'refused'],
  ['POST /api/v1/events/ingest', 'body', 'kept'],
  ['GET /api/v1/events/audit', 'query', 'refused'],
  ['GET /api/v1/events/audit/stats', 'query', 'refused'],
  ['GET /api/v1/audit/export', 'query', 'refused'],
  ['GET /api/v1/events', 'query', 'refused'],
  ['GET /api/v1/alerts', 'query', 'refused'],
  ['GET /api/v1/agent-activity', 'query', 'refused'],
  ['GET /api/v1/activity/active', 'query', 'refused'],
  ['GET /api/v1/activity/sessions', 'query', 'refused'],
  ['GET /api/v1/activity', 'query', 'refused'],
  ['GET /api/v1/agents/activity/events', 'query', 'refused'],
];

const BODY = {
  tool_name: 'Read',
  success: true,
  metric_type: 'execution',
  tokens_used: 1,
  cost_usd: 0.01,
  max_cost_usd: 0.01,
  max_tokens: 1,
  ttl_s: 1,
} as const;

interface Operation {
  readonly parameters?: { name: string; in: Place }[];
  readonly requestBody?: { content: { 'application/json': { schema: { $ref?: string } } } };
}

/** Every `[route, place]` of the API's document at which an agent is named. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the document is read as a client reads it
function referencesIn(document: any): [string, Place][] {
  const isReference = (name: string) => name === 'agent_id' || name === 'agent_name' || name === 'agent';
  const found: [string, Place][] = [];
  for (const [path, item] of Object.entries<Record<string, Operation>>(document.paths)) {
    for (const [method, { parameters = [], requestBody }] of Object.entries(item)) {
      const route = `${method.toUpperCase()} ${path}`;
      for (const parameter of parameters) if (isReference(parameter.name)) found.push([route, parameter.in]);
      // Items of batches are judged where batches are.
      const schema = requestBody?.content['application/json'].schema.$ref?.split('/').at(-1) ?? '';
      const members = document.components.schemas[schema]?.properties ?? {};
      if (Object.keys(members).some(isReference)) found.push([route, 'body']);
    }
  }
  return found;
}

describe("an agent's key", () => {
  let service: TestService;
  let own: { id: string; name: string };
  let other: { id: string; name: string };
  let retired: { id: string; name: string };
  let key: TestKey;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    own = await register(service, 'coder');
    other = await register(service, 'reviewer', { role: 'reviewer' });
    retired = await register(service, 'gone');
    await service.request('DELETE', '/agents/gone');
    // Of the highest role, which must not help it.
    key = await aKey(service, 'admin', own);
  });
  afterAll(() => service.remove());

  function ask(route: string, place: Place, reference: string, secret = key.secret): Promise<Answer> {
    const [method = '', template = ''] = route.split(' ');
    const path = template.replace(/\{agent_(id|name)\}/, encodeURIComponent(reference));
    const named =
      /activity(\/events)?$/.test(template) && !template.includes('agent-activity') ? 'agent' : 'agent_id';
    const query = place === 'query' ? `?${named}=${encodeURIComponent(reference)}` : '';
    const inBody = place === 'body' ? { agent_id: reference } : {};
    const body = method === 'POST' ? { ...BODY, ...inBody } : method === 'PUT' ? {} : undefined;
    return service.request(method, `/${path}${query}`, body, { key: secret });
  }
  const places = (foreign: Foreign) => TABLE.filter((row) => row[2] === foreign);
  const newest = async (filter: string) =>
    (await service.request('GET', `/events/audit?limit=1&${filter}`)).body[0];

  it('is judged in the table at every place where the API takes an agent', async () => {
    const { body } = await service.request('GET', '//openapi.json');
    const judged = TABLE.map(([route, place]) => `${route} ${place}`);
    expect(judged.sort()).toEqual(
      referencesIn(body)
        .map((each) => each.join(' '))
        .sort(),
    );
  });

  it.each([...places('refused'), ...places('barred')])(
    'is let through %s for its own agent, by %s',
    async (route, place) => {
      for (const reference of [own.id, own.id.toUpperCase(), own.name]) {
        const { status } = await ask(route, place, reference);
        expect([reference, [200, 201].includes(status)]).toEqual([reference, true]);
      }
    },
  );

  it.each([...places('refused'), ...places('barred')])(
    'is refused %s for another agent, by %s',
    async (route, place) => {
      for (const reference of [other.id, other.id.toUpperCase(), other.name]) {
        const { status, body, headers } = await ask(route, place, reference);
        expect([reference, status, body.code]).toEqual([reference, 403, 'NOT_OWN_AGENT']);
        expect(await newest('operation_type=access.denied')).toMatchObject({
          principal: { id: key.id, kind: 'agent', role: 'admin' },
          agent: { agent_id: own.id, name: own.name, role: 'developer' },
          route: route.replace(/\{(\w+)\}/, ':$1'),
          target: { type: 'route' },
          rbac: { decision: 'denied' },
          outcome: 'denied',
          context: { code: 'NOT_OWN_AGENT' },
          trace_id: headers.get('x-request-id'),
        });
      }
    },
  );

  it.each([...places('refused').filter(([, place]) => place === 'query'), ...places('barred')])(
    'is refused %s for what is no live agent, by %s',
    async (route, place) => {
      for (const reference of [retired.id, 'gone', 'system', 'unknown', 'nobody', '%'])
        expect([reference, (await ask(route, place, reference)).status]).toEqual([reference, 403]);
    },
  );

  it.each(places('refused').filter(([, place]) => place !== 'query'))(
    'learns nothing from %s about what is no live agent, by %s',
    async (route, place) => {
      for (const reference of [retired.id, 'gone', 'system', 'nobody'])
        expect([reference, (await ask(route, place, reference)).status]).toEqual([reference, 404]);
    },
  );

  it.each(places('shown'))('reads any agent with %s', async (route, place) => {
    for (const agent of [own, other]) {
      const { status, body } = await ask(route, place, route.includes('_name') ? agent.name : agent.id);
      expect([status, body.agent_id]).toEqual([200, agent.id]);
    }
  });

  it.each(places('never'))('never changes the registry or the keys with %s', async (route, place) => {
    for (const agent of [own, other]) {
      const { status, body } = await ask(route, place, agent.id);
      expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
    }
  });

  describe.each([
    ['/events/ingest', 'unknown'],
    ['/budget/deduct', 'budget.deduct'],
  ])('naming another agent to POST %s', (path, operationType) => {
    const post = (names: Record<string, unknown>) =>
      service.request('POST', path, { ...BODY, ...names }, { key: key.secret });

    it('is kept under its own agent, with the claim', async () => {
      for (const claim of [other.id, other.name, retired.id, 'gone', 'system', 'main']) {
        const { status } = await post({ agent_id: claim, agent_name: other.name, agent_role: 'admin' });
        expect(status).toBe(201);
        const entry = await newest(`operation_type=${operationType}`);
        expect(entry.agent).toEqual({ agent_id: own.id, name: own.name, role: 'developer' });
        expect(entry.principal).toEqual({ id: key.id, kind: 'agent', role: 'admin' });
        expect(entry.context.claimed_agent).toBe(claim);
      }
    });

    it('claims nothing where it names itself or nobody', async () => {
      for (const names of [
        {},
        { agent_id: own.id },
        { agent_id: own.id.toUpperCase() },
        { agent_id: own.name },
        { agent_id: '' },
      ]) {
        await post(names);
        const entry = await newest(`operation_type=${operationType}`);
        expect(entry.agent.agent_id).toBe(own.id);
        expect(entry.context ?? {}).not.toHaveProperty('claimed_agent');
      }
    });
  });

  it('charges its own account alone, whomever it names', async () => {
    const budgetOf = async (name: string) =>
      (await service.request('GET', `/registry/agents/${name}/budget`)).body;
    const before = await budgetOf('coder');
    const others = await budgetOf('reviewer');
    const { body } = await ask('POST /api/v1/budget/deduct', 'body', other.id);
    expect(body.agent_id).toBe(own.id);
    expect((await budgetOf('coder')).tokens_used_today).toBe(Number(before.tokens_used_today) + 1);
    expect(await budgetOf('reviewer')).toEqual(others);
  });

  describe('without naming an agent', () => {
    const quality = { metric_type: 'quality', quality_score: 0.5, code_violations: 1, api_calls: 1 };
    beforeAll(async () => {
      for (const agent_id of [own.id, other.id, other.id]) {
        for (const metric of [{ metric_type: 'execution', tokens_used: 7 }, quality])
          await service.request('POST', '/metrics', { agent_id, ...metric });
        await service.request('POST', '/events/ingest', { agent_id, operation_type: `of-${agent_id}` });
      }
    });

    const LISTS = [
      '/metrics?limit=1000',
      '/events/audit?limit=500',
      '/events?limit=500',
      '/agent-activity?limit=500',
    ];
    it.each(LISTS)('sees its own rows alone in %s', async (path) => {
      const agentOf = (row: { agent_id?: string; agent?: { agent_id: string } }) =>
        row.agent_id ?? row.agent?.agent_id;
      const mine = (await service.request('GET', path, undefined, { key: key.secret })).body;
      const all = (await service.request('GET', path)).body;
      expect(mine.length).toBeGreaterThan(0);
      expect(all.length).toBeGreaterThan(mine.length);
      expect(mine).toEqual(all.filter((row: { agent_id: string }) => agentOf(row) === own.id));
    });

    const SUMS = [
      '/metrics/aggregate?',
      '/metrics/timeseries?',
      '/metrics/leaderboard?by=tokens&',
      '/metrics/quality?',
      '/metrics/resources/usage?',
    ];
    it.each(SUMS)('counts its own rows alone in %s', async (path) => {
      const mine = (await service.request('GET', path, undefined, { key: key.secret })).body;
      expect(mine).toEqual((await service.request('GET', `${path}agent_id=${own.id}`)).body);
      expect(mine).not.toEqual((await service.request('GET', path)).body);
    });

    it('counts its own entries alone in /events/audit/stats', async () => {
      const mine = (await service.request('GET', '/events/audit/stats', undefined, { key: key.secret })).body;
      const entries = (await service.request('GET', `/events/audit?limit=500&agent_id=${own.id}`)).body;
      expect(mine.total_operations).toBe(entries.length);
      expect(mine.operation_types).toHaveProperty(`of-${own.id}`, 1);
      expect(mine.operation_types).not.toHaveProperty(`of-${other.id}`);
      expect(mine.agent_roles).toEqual({ developer: entries.length });
      const all = (await service.request('GET', '/events/audit/stats', undefined, { key: ADMIN_KEY })).body;
      expect(all.total_operations).toBeGreaterThan(mine.total_operations);
    });
  });
});
