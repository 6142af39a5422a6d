import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AuditRepository } from '#audit';
import { ConfigError, parseEnvironment } from '#config';
import { Clock, systemContext } from '#kernel';
import { ApiKeysService } from '#rbac';
import { aKey, call, register, type Subject, successOf, type TestKey } from '../support/access-calls.js';
import { ACCESS } from '../support/access-table.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_KEY, TestService } from '../support/service.js';

const HOUR_MS = 3_600_000;

describe('a key', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
  });
  afterAll(() => service.remove());
  afterEach(() => void jest.restoreAllMocks());

  const statusWith = async (key: string, of = service) =>
    (await of.request('GET', '/agents', undefined, { key })).status;
  const entriesOf = async (type: string, keyId: string) => {
    const { body } = await service.request('GET', `/events/audit?limit=500&operation_type=${type}`);
    return (body as { target: { resource: string } }[]).filter((entry) => entry.target.resource === keyId);
  };

  it('is in force as soon as it was made, and out of it as soon as it was revoked', async () => {
    for (let i = 0; i < 8; i += 1) {
      const key = await aKey(service, 'developer');
      expect(await statusWith(key.secret)).toBe(200);
      await service.get(ApiKeysService).revoke(systemContext(), key.id);
      expect(await statusWith(key.secret)).toBe(401);
    }
  });

  it('ends with its agent, at once', async () => {
    for (let i = 0; i < 8; i += 1) {
      const agent = await register(service, `brief-${i}`);
      const keys = [await aKey(service, 'developer', agent), await aKey(service, 'developer', agent)];
      for (const { secret } of keys) expect(await statusWith(secret)).toBe(200);
      await service.request('DELETE', `/agents/${agent.id}`);
      for (const { secret } of keys) expect(await statusWith(secret)).toBe(401);
    }
  });

  it('is not made for an agent that was retired in the meantime', async () => {
    const agent = await register(service, 'brief');
    await service.request('DELETE', `/agents/${agent.id}`);
    await expect(aKey(service, 'developer', agent)).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' });
    expect((await service.get(ApiKeysService).list()).map(({ agentId }) => agentId)).not.toContain(agent.id);
  });

  it('does not outlive an agent that is retired while it is made', async () => {
    for (let i = 0; i < 8; i += 1) {
      const agent = await register(service, 'brief');
      const retire = () => service.request('DELETE', `/agents/${agent.id}`);
      const make = () => aKey(service, 'developer', agent).catch(() => null);
      const [first, second] = i % 2 === 0 ? [retire, make] : [make, retire];
      await Promise.all([first(), second()]);
      const keys = (await service.get(ApiKeysService).list()).filter(({ agentId }) => agentId === agent.id);
      expect(keys.filter(({ revokedAt }) => revokedAt === null)).toEqual([]);
    }
  });

  it("stays in force when another agent's life ends", async () => {
    const [one, two] = [await register(service, 'stays'), await register(service, 'leaves')];
    const key = await aKey(service, 'developer', one);
    await service.request('DELETE', `/agents/${two.id}`);
    expect(await statusWith(key.secret)).toBe(200);
  });

  it('does not pass to the next agent of the same name', async () => {
    const first = await register(service, 'heir');
    const key = await aKey(service, 'developer', first);
    await service.request('DELETE', '/agents/heir');
    await register(service, 'heir');
    expect(await statusWith(key.secret)).toBe(401);
  });

  it('leaves an entry when it is made and when it ends, none of which holds the key', async () => {
    const agent = await register(service, 'noted');
    const key = await aKey(service, 'developer', agent);
    await service.request('DELETE', '/agents/noted');
    const entries = [...(await entriesOf('key.create', key.id)), ...(await entriesOf('key.revoke', key.id))];
    expect(entries).toHaveLength(2);
    for (const entry of entries) {
      expect(entry).toMatchObject({
        agent: { agent_id: agent.id, name: 'noted', role: 'developer' },
        target: { type: 'key' },
        source: 'decided',
        outcome: 'success',
      });
    }
    expect(JSON.stringify(entries)).not.toContain(key.secret.slice(4));
    expect(entries.at(-1)).toMatchObject({
      principal: { id: 'admin', kind: 'service', role: 'admin' },
      route: 'DELETE /api/v1/agents/:agent_id',
    });
  });

  it('ends when it expires', async () => {
    const key = await aKey(service, 'developer', undefined, { expiresAt: Date.now() + HOUR_MS });
    expect(await statusWith(key.secret)).toBe(200);
    const later = Date.now() + HOUR_MS;
    jest.spyOn(service.get(Clock), 'now').mockReturnValue(later);
    expect(await statusWith(key.secret)).toBe(401);
  });

  it('is valid from its networks alone, which its entry names', async () => {
    const [here, elsewhere] = [
      await aKey(service, 'developer', undefined, { networks: ['203.0.113.0/24', '127.0.0.0/8'] }),
      await aKey(service, 'developer', undefined, { networks: ['203.0.113.0/24', '::/0'] }),
    ];
    expect(await statusWith(here.secret)).toBe(200);
    const { status, body } = await service.request('GET', '/agents', undefined, { key: elsewhere.secret });
    expect([status, body.code, body.detail]).toEqual([
      401,
      'UNAUTHENTICATED',
      'The API key is not valid from here.',
    ]);
    const forged = { 'x-forwarded-for': '203.0.113.1', forwarded: 'for=203.0.113.1' };
    const options = { key: elsewhere.secret, headers: forged };
    expect((await service.request('GET', '/agents', undefined, options)).status).toBe(401);
    const [entry] = (await entriesOf('key.create', here.id)) as unknown as { context: object }[];
    expect(entry?.context).toMatchObject({ networks: ['203.0.113.0/24', '127.0.0.0/8'] });
  });

  it('does not end because a client reports that it did', async () => {
    const key = await aKey(service, 'developer');
    const report = { operation_type: 'key.revoke', target_resource: key.id, target_type: 'key' };
    await service.request('POST', '/events/ingest', report, { key: key.secret });
    expect(await statusWith(key.secret)).toBe(200);
  });

  it('that another process makes or revokes takes effect here', async () => {
    const other = await TestService.start({ RBAC_ENABLED: 'true' }, service.store);
    try {
      const key = await aKey(other, 'developer');
      await eventually('the key to be known here', async () => (await statusWith(key.secret)) === 200);
      await other.get(ApiKeysService).revoke(systemContext(), key.id);
      await eventually('the key to be refused here', async () => (await statusWith(key.secret)) === 401);

      const own = await aKey(service, 'developer');
      await eventually(
        'the key to be known there',
        async () => (await statusWith(own.secret, other)) === 200,
      );
      await service.get(ApiKeysService).revoke(systemContext(), own.id);
      await eventually(
        'the key to be refused there',
        async () => (await statusWith(own.secret, other)) === 401,
      );
    } finally {
      await other.stop();
    }
  });

  it('of an agent that another process retires ends here', async () => {
    const other = await TestService.start({ RBAC_ENABLED: 'true' }, service.store);
    try {
      const agent = await register(service, 'shared');
      const key = await aKey(service, 'developer', agent);
      await eventually('the agent to be known there', async () => {
        return (await other.request('GET', `/agents/${agent.id}`)).status === 200;
      });
      await other.request('DELETE', `/agents/${agent.id}`);
      await eventually('the key to be refused here', async () => (await statusWith(key.secret)) === 401);
    } finally {
      await other.stop();
    }
  });

  it('that stands in ADMIN_API_KEY works, in either header, as the principal admin', async () => {
    for (const [header, value] of [
      ['x-api-key', ADMIN_KEY],
      ['authorization', `bearer ${ADMIN_KEY}`],
    ] as const) {
      const headers = { [header]: value };
      const name = `by-admin-${header}`;
      const agent = { name, role: 'tester', capabilities: [], metadata_category: 'x' };
      expect((await service.request('POST', '/agents', agent, { key: '', headers })).status).toBe(201);
      const [entry] = (await service.request('GET', '/events/audit?operation_type=agent.register&limit=1'))
        .body;
      expect(entry).toMatchObject({
        agent: { name },
        principal: { id: 'admin', kind: 'service', role: 'admin' },
      });
    }
    expect(await statusWith(ADMIN_KEY.slice(0, -1))).toBe(401);
    expect(await statusWith(ADMIN_KEY.toUpperCase())).toBe(401);
  });
});

describe('ADMIN_API_KEY', () => {
  const start = (key: string) => () => parseEnvironment({ RBAC_ENABLED: 'true', ADMIN_API_KEY: key });

  it('must have 32 characters, and is not repeated where it has not', () => {
    const short = 'short-secret-0123456789-0123456';
    expect(short).toHaveLength(31);
    expect(start(short)).toThrow(ConfigError);
    expect(start(short)).toThrow(/ADMIN_API_KEY.*31 characters.*32/);
    expect(start(short)).not.toThrow(new RegExp(short));
    expect(start(`${short}7`)).not.toThrow();
  });
});

describe.each([
  ['true', 1],
  ['false', 0],
])('with AUDIT_READS=%s', (auditReads, entriesPerRead) => {
  let service: TestService;
  let agent: Subject;
  let key: TestKey;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true', AUDIT_READS: auditReads });
    key = await aKey(service, 'admin');
    agent = { ...(await register(service, 'coder')), keyId: key.id };
    await service.request('POST', '/audit/checkpoint');
    await service.request('POST', '/audit/verify');
  });
  afterAll(() => service.remove());

  /** Leaves an entry of its own. */
  const EXPORT = 'GET /api/v1/audit/export';
  const READS = ACCESS.filter(
    ({ route, isPublic }) =>
      /^(GET|WS) /.test(route) && route !== EXPORT && !isPublic && [200, 101].includes(successOf(route)),
  ).map((row) => [row.route, row] as const);
  const PUBLIC = ACCESS.filter((row) => row.route.startsWith('GET ') && row.isPublic).map(
    (row) => [row.route, row] as const,
  );

  it.each(READS)(`${entriesPerRead} entries tell of %s`, async (route, row) => {
    const log = service.get(AuditRepository);
    const before = await log.size();
    const { status, traceId, target } = await call(service, row, agent, { 'x-api-key': key.secret });
    expect(status).toBe(successOf(route));
    const entries = await log.findAfter(before, 10);
    expect(entries).toHaveLength(entriesPerRead);
    for (const entry of entries) {
      expect(entry).toMatchObject({
        operationType: 'access.read',
        principalId: key.id,
        principalRole: 'admin',
        route: route.startsWith('WS ') ? `${route.replace('WS ', 'GET ')} (upgrade)` : route,
        targetResource: target,
        targetType: 'route',
        rbacDecision: 'allowed',
        outcome: 'success',
        source: 'decided',
        traceId,
      });
    }
  });

  it('one entry tells of an export', async () => {
    const log = service.get(AuditRepository);
    const before = await log.size();
    const row = ACCESS.find(({ route }) => route === EXPORT)!;
    await call(service, row, agent, { 'x-api-key': key.secret });
    const entries = await log.findAfter(before, 10);
    expect(entries.map(({ operationType, principalId }) => [operationType, principalId])).toEqual([
      ['audit.export', key.id],
    ]);
  });

  it.each(PUBLIC)('no entry tells of %s, which anyone may read', async (_route, row) => {
    const before = await service.get(AuditRepository).size();
    await call(service, row, agent, {});
    expect(await service.get(AuditRepository).size()).toBe(before);
  });

  it(`${entriesPerRead} entries tell of a HEAD, which reads the counts`, async () => {
    const before = await service.get(AuditRepository).size();
    expect((await service.request('HEAD', '/agents')).status).toBe(200);
    expect(await service.get(AuditRepository).size()).toBe(before + entriesPerRead);
  });
});
