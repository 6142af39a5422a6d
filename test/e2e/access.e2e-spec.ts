import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditRepository } from '#audit';
import { systemContext } from '#kernel';
import { ApiKeysService, PERMISSION, PUBLIC } from '#rbac';
import {
  aKey,
  call,
  type CallOutcome,
  register,
  type Subject,
  successOf,
  type TestKey,
} from '../support/access-calls.js';
import { ACCESS, type AccessRow, ROLES } from '../support/access-table.js';
import { handlersOf, httpRoutesOf, socketRoutesOf } from '../support/routes.js';
import { ADMIN_KEY, TestService } from '../support/service.js';

describe('access, RBAC on', () => {
  let service: TestService;
  let agent: Subject;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    agent = await aSubject('coder');
    await service.request('POST', '/audit/checkpoint');
  });
  afterAll(() => service.remove());

  const aSubject = async (name: string): Promise<Subject> => ({
    ...(await register(service, name)),
    keyId: (await aKey(service, 'tester')).id,
  });

  let retirements = 0;
  /** Calls every route; what ends an agent or a key has one of its own wherever it may succeed. */
  async function callAll(
    headers: Record<string, string>,
    mayRetire = false,
    query = '',
  ): Promise<CallOutcome[]> {
    const outcomes: CallOutcome[] = [];
    for (const row of ACCESS) {
      const ends = mayRetire && /^DELETE |rotate$/.test(row.route);
      const about = ends ? await aSubject(`ends-${(retirements += 1)}`) : agent;
      outcomes.push(await call(service, row, about, headers, query));
    }
    return outcomes;
  }

  const statuses = (outcomes: readonly CallOutcome[]) =>
    Object.fromEntries(outcomes.map(({ route, status }) => [route, status]));
  const expected = (refusal: number, allowed: (row: AccessRow) => boolean) =>
    Object.fromEntries(ACCESS.map((row) => [row.route, allowed(row) ? successOf(row.route) : refusal]));

  async function expectRecorded(
    outcomes: readonly CallOutcome[],
    principal: { id: string; kind: string; role: string },
    about: { agent_id: string; name: string; role: string },
  ): Promise<void> {
    for (const { route, status, target, traceId, body, headers } of outcomes) {
      if (status !== 403) continue;
      expect(body).toMatchObject({ status: 403, code: 'FORBIDDEN', trace_id: traceId, title: 'Forbidden' });
      expect(headers['content-type']).toMatch('application/problem+json');
      const list = await service.request('GET', '/events/audit?operation_type=access.denied&limit=100');
      const entries = (list.body as { trace_id: string }[]).filter((entry) => entry.trace_id === traceId);
      expect(entries).toEqual([
        expect.objectContaining({
          principal,
          route: route.startsWith('WS ') ? route.replace('WS ', 'GET ') + ' (upgrade)' : route,
          target: { resource: target, type: 'route' },
          outcome: 'denied',
          rbac: { decision: 'denied', reason: body.detail },
          source: 'decided',
          agent: about,
          context: { code: 'FORBIDDEN' },
        }),
      ]);
    }
  }

  it('has a row in the table for every route, and no row for another', () => {
    const routes = [...httpRoutesOf(service), ...socketRoutesOf(service)];
    expect(ACCESS.map(({ route }) => route).sort()).toEqual(routes.sort());
  });

  it('has a permission or @Public on every handler, and not both', () => {
    const handlers = handlersOf(service);
    expect(handlers.length).toBeGreaterThan(20);
    for (const { controller, handler, name } of handlers) {
      const stated = [PERMISSION, PUBLIC].filter(
        (key) => Reflect.hasMetadata(key, handler) || Reflect.hasMetadata(key, controller),
      );
      expect([name, stated.length]).toEqual([name, 1]);
    }
  });

  it.each(ROLES)('lets a key of role %s do what the table says, and records what it denies', async (role) => {
    const key = await aKey(service, role);
    const outcomes = await callAll({ 'x-api-key': key.secret }, role === 'admin');
    expect(statuses(outcomes)).toEqual(expected(403, (row) => row.roles.has(role)));
    await expectRecorded(
      outcomes,
      { id: key.id, kind: 'service', role },
      { agent_id: 'system', name: 'system', role },
    );
  });

  it.each(ROLES)("lets an agent's key do the same whatever its role: %s", async (role) => {
    const key = await aKey(service, role, agent);
    const outcomes = await callAll({ authorization: `Bearer ${key.secret}` });
    expect(statuses(outcomes)).toEqual(expected(403, (row) => row.agent !== 'never'));
    await expectRecorded(
      outcomes,
      { id: key.id, kind: 'agent', role },
      { agent_id: agent.id, name: agent.name, role: 'developer' },
    );
  });

  describe('without a key in force', () => {
    let inForce: TestKey;
    let expired: TestKey;
    let revoked: TestKey;
    beforeAll(async () => {
      inForce = await aKey(service, 'admin');
      expired = await aKey(service, 'admin', undefined, { expiresAt: Date.now() - 1 });
      revoked = await aKey(service, 'admin');
      await service.get(ApiKeysService).revoke(systemContext('test'), revoked.id);
    });

    /** @returns the types of the entries that tell of it. */
    async function expectUnauthenticated(headers: Record<string, string>, query = ''): Promise<string[]> {
      const before = await service.get(AuditRepository).size();
      const outcomes = await callAll(headers, false, query);
      expect(statuses(outcomes)).toEqual(expected(401, (row) => row.isPublic));
      for (const refused of outcomes.filter(({ status }) => status === 401)) {
        expect(refused.headers).toMatchObject({
          'www-authenticate': 'Bearer realm="agent-reality-map"',
          'content-type': expect.stringContaining('application/problem+json'),
          'x-request-id': refused.traceId,
        });
        expect(refused.body).toMatchObject({ code: 'UNAUTHENTICATED', trace_id: refused.traceId });
      }
      const entries = await service.get(AuditRepository).findAfter(before, 500);
      return entries.map(({ operationType }) => operationType);
    }

    const BAD_KEYS: [what: string, headers: () => Record<string, string>][] = [
      ['an unknown key', () => ({ 'x-api-key': `arm_${'A'.repeat(43)}` })],
      ['an expired key', () => ({ 'x-api-key': expired.secret })],
      ['a revoked key', () => ({ 'x-api-key': revoked.secret })],
      ['a key with another prefix', () => ({ 'x-api-key': inForce.secret.replace('arm_', 'sk_') })],
      ['a key without its prefix', () => ({ 'x-api-key': inForce.secret.replace('arm_', '') })],
      ['a key with more behind it', () => ({ 'x-api-key': `${inForce.secret}A` })],
      ["the key's id", () => ({ 'x-api-key': inForce.id })],
      ['two keys in one header', () => ({ 'x-api-key': `${inForce.secret}, ${inForce.secret}` })],
    ];
    const NO_KEYS: typeof BAD_KEYS = [
      ['no key', () => ({})],
      ['a key under another scheme', () => ({ authorization: `Token ${inForce.secret}` })],
      ['a key without a scheme', () => ({ authorization: inForce.secret })],
      ['a key as a Basic password', () => ({ authorization: `Basic ${btoa(`:${inForce.secret}`)}` })],
      ['a key in a cookie', () => ({ cookie: `api_key=${inForce.secret}; x-api-key=${inForce.secret}` })],
    ];

    it.each(BAD_KEYS)('answers 401 to %s, and records that at the most', async (_what, headers) => {
      const recorded = await expectUnauthenticated(headers());
      expect(recorded.filter((type) => type !== 'access.unauthenticated')).toEqual([]);
    });

    it.each(NO_KEYS)('answers 401 to %s, and records nothing', async (_what, headers) => {
      expect(await expectUnauthenticated(headers())).toEqual([]);
    });

    it.each(['api_key', 'apikey', 'key', 'token', 'access_token', 'x-api-key', 'authorization'])(
      'answers 401 to a key in the query, as %s, and records nothing',
      async (name) => expect(await expectUnauthenticated({}, `?${name}=${inForce.secret}`)).toEqual([]),
    );
  });

  it('keeps foreign pages out, whatever key they hold', async () => {
    for (const row of ACCESS) {
      const headers = { 'x-api-key': ADMIN_KEY, origin: 'http://evil.test' };
      const { status, body } = await call(service, row, agent, headers);
      expect([row.route, status, body.code]).toEqual([row.route, 403, 'ORIGIN_NOT_ALLOWED']);
    }
  });
});
