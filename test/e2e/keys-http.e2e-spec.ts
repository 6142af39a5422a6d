import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Clock, newId } from '#kernel';
import { KeyUsage } from '#rbac';
import { aKey, register, type TestKey } from '../support/access-calls.js';
import { expectProblem, logSize, TIME, UUID } from '../support/answers.js';
import { type Answer, TestService } from '../support/service.js';
import { listen } from '../support/stream.js';

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const A_KEY = { name: 'ci', kind: 'service', role: 'tester' };

describe('keys over HTTP', () => {
  let service: TestService;
  let agent: { id: string; name: string };
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    agent = await register(service, 'coder');
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(() => service.remove());

  const make = (changes: object = {}): Promise<Answer> =>
    service.request('POST', '/keys', { ...A_KEY, ...changes });
  const statusWith = async (key: string, of = service) =>
    (await of.request('GET', '/agents', undefined, { key })).status;
  const rotate = (keyId: string, body?: object) => service.request('POST', `/keys/${keyId}/rotate`, body);
  const entriesOf = async (keyId: string) => {
    const { body } = await service.request('GET', '/events/audit?limit=500');
    return (body as Answer['body'][]).filter(({ target }) => target.resource === keyId);
  };
  const later = (ms: number): void => {
    jest.spyOn(service.get(Clock), 'now').mockReturnValue(Date.now() + ms);
  };

  it('shows a key that it makes once, and honours it', async () => {
    const { status, headers, body } = await make({ networks: ['127.0.0.0/8'] });
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      ...A_KEY,
      key_id: expect.stringMatching(UUID),
      agent_id: null,
      owner: null,
      prefix: body.secret.slice(0, 12),
      networks: ['127.0.0.0/8'],
      created_at: expect.stringMatching(TIME),
      created_by: 'admin',
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
      standing: 'in_force',
      secret: expect.stringMatching(/^arm_[\w-]{43}$/),
    });
    expect(await statusWith(body.secret)).toBe(200);
    const { secret, ...shown } = body;
    expect((await service.request('GET', `/keys/${body.key_id}`)).body).toEqual(shown);
    const list = await service.request('GET', '/keys?limit=500');
    expect(list.body).toContainEqual(shown);
    expect(list.headers.get('x-total-count')).toBe(String(list.body.length));
    expect(JSON.stringify([list.body, await entriesOf(body.key_id)])).not.toContain(secret.slice(12));
    expect(JSON.stringify(list.body)).not.toContain('hash');
  });

  it('lists keys oldest first, in pages', async () => {
    await make();
    const { body: all } = await service.request('GET', '/keys');
    const { body: page } = await service.request('GET', '/keys?skip=1&limit=1');
    expect(page).toEqual([all[1]]);
    const times = all.map((key: { created_at: string }) => key.created_at);
    expect(times).toEqual([...times].sort());
  });

  it('binds a key to an agent, by name or id', async () => {
    for (const reference of [agent.name, agent.id]) {
      const { body } = await make({ kind: 'agent', agent_id: reference });
      expect(body.agent_id).toBe(agent.id);
      expect(await statusWith(body.secret)).toBe(200);
    }
    expectProblem(await make({ kind: 'agent', agent_id: 'nobody' }), 404, 'AGENT_NOT_FOUND');
  });

  it('says whose key it is, and keeps that when it is replaced', async () => {
    const { body: ann } = await make({ kind: 'human', role: 'admin', owner: 'oidc:ann' });
    expect((await rotate(ann.key_id, {})).body.owner).toBe('oidc:ann');
    const { body: bo } = await make({ kind: 'human', role: 'admin', owner: 'oidc:bo' });
    const made = (body: object) =>
      service.request('POST', '/keys', { ...A_KEY, ...body }, { key: bo.secret as string });
    expect((await made({ kind: 'human' })).body.owner).toBe('oidc:bo');
    expect((await made({})).body.owner).toBe(null);
    expect((await made({ kind: 'human', owner: 'oidc:cy' })).body.owner).toBe('oidc:cy');
    for (const body of [{ owner: 'a b' }, { owner: '' }, { kind: 'agent', agent_id: 'coder', owner: 'x' }])
      expectProblem(await made(body), 422, 'VALIDATION_FAILED');
  });

  it('shows when a key was used last, once that is written, and records nothing of it', async () => {
    const { body: used } = await make();
    const { body: unused } = await make();
    const lastUsed = async ({ key_id }: { key_id: string }) =>
      (await service.request('GET', `/keys/${key_id}`)).body.last_used_at;
    expect(await statusWith(used.secret)).toBe(200);
    const before = await logSize(service);
    await service.get(KeyUsage).flush();
    expect(await lastUsed(used)).toMatch(TIME);
    expect(await lastUsed(unused)).toBeNull();
    expect(await logSize(service)).toBe(before);
  });

  it('writes at its end when keys were used', async () => {
    const second = await TestService.start({ RBAC_ENABLED: 'true' }, service.store);
    const { id, secret } = await aKey(second, 'tester');
    expect(await statusWith(secret, second)).toBe(200);
    await second.stop();
    expect((await service.request('GET', `/keys/${id}`)).body.last_used_at).toMatch(TIME);
  });

  it('lets a key end at a time or after days', async () => {
    const at = await make({ expires_at: new Date(Date.now() + DAY_MS).toISOString() });
    const days = await make({ expires_in_days: 1 });
    for (const { body } of [at, days]) expect(await statusWith(body.secret)).toBe(200);
    later(DAY_MS);
    for (const { body } of [at, days]) {
      expect(await statusWith(body.secret)).toBe(401);
      expect((await service.request('GET', `/keys/${body.key_id}`)).body.standing).toBe('expired');
    }
  });

  it.each<[field: string, changes: object]>([
    ['name', { name: undefined }],
    ['name', { name: 'a\nb' }],
    ['name', { name: 'x'.repeat(65) }],
    ['kind', { kind: 'robot' }],
    ['kind', { kind: undefined }],
    ['role', { role: 'root' }],
    ['role', { role: undefined }],
    ['agent_id', { agent_id: 'coder' }],
    ['agent_id', { kind: 'agent' }],
    ['expires_at', { expires_at: '2020-01-01' }],
    ['expires_at', { expires_at: 'soon' }],
    ['expires_in_days', { expires_in_days: 0 }],
    ['expires_in_days', { expires_in_days: 3_651 }],
    ['expires_in_days', { expires_in_days: 1, expires_at: '2999-01-01' }],
    ['networks', { networks: ['10.0.0.0'] }],
    ['networks', { networks: '10.0.0.0/8' }],
    ['hash', { hash: 'x' }],
  ])('refuses a bad %s: %j', async (field, changes) => {
    const before = (await service.request('GET', '/keys')).headers.get('x-total-count');
    expectProblem(await make(changes), 422, 'VALIDATION_FAILED', field);
    expect((await service.request('GET', '/keys')).headers.get('x-total-count')).toBe(before);
  });

  it('revokes a key at once, also on an open socket, and only once', async () => {
    const { body } = await make({ role: 'analyst' });
    const socket = await listen(service, '/ws', body.secret);
    expect((await service.request('DELETE', `/keys/${body.key_id}`)).status).toBe(204);
    expect(await statusWith(body.secret)).toBe(401);
    expect((await socket.closed).code).toBe(1008);
    expectProblem(await service.request('DELETE', `/keys/${body.key_id}`), 404, 'KEY_NOT_FOUND');
    const { body: shown } = await service.request('GET', `/keys/${body.key_id}`);
    expect(shown).toMatchObject({ standing: 'revoked', revoked_at: expect.stringMatching(TIME) });
  });

  it('replaces a key at once', async () => {
    const old = (await make({ kind: 'agent', agent_id: agent.id, expires_in_days: 9 })).body;
    const { status, body } = await rotate(old.key_id);
    expect(status).toBe(201);
    const { name, kind, role, agent_id, networks, expires_at } = old;
    expect(body).toMatchObject({ name, kind, role, agent_id, networks, expires_at, standing: 'in_force' });
    expect([await statusWith(old.secret), await statusWith(body.secret)]).toEqual([401, 200]);
    expectProblem(await rotate(old.key_id), 404, 'KEY_NOT_FOUND');
    const entries = await entriesOf(old.key_id);
    expect(entries.map(({ operation }) => operation.type)).toEqual([
      'key.revoke',
      'key.rotate',
      'key.create',
    ]);
    expect(entries[1]).toMatchObject({
      context: { replaced_by: body.key_id },
      principal: { id: 'admin' },
      source: 'decided',
      agent: { agent_id: agent.id },
    });
    expect(JSON.stringify(entries)).not.toContain(body.secret.slice(12));
  });

  it('replaces a key and lets the old one stay for a time of grace', async () => {
    const old = (await make()).body;
    const { body } = await rotate(old.key_id, { grace_s: 60 });
    expect([await statusWith(old.secret), await statusWith(body.secret)]).toEqual([200, 200]);
    later(61 * SECOND_MS);
    expect([await statusWith(old.secret), await statusWith(body.secret)]).toEqual([401, 200]);
  });

  it('lets one of two that replace a key at the same time win', async () => {
    const old = (await make()).body;
    const answers = await Promise.all([rotate(old.key_id), rotate(old.key_id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 404]);
  });

  it('lets no key that replaces one in its time of grace live longer than that', async () => {
    const old = (await make({ networks: ['127.0.0.0/8'] })).body;
    const both = await Promise.all([60, 3_600].map((grace_s) => rotate(old.key_id, { grace_s })));
    expect(both.map(({ status }) => status)).toEqual([201, 201]);
    const { body: shown } = await service.request('GET', `/keys/${old.key_id}`);
    const ends = both.map(({ body }) => body.expires_at);
    expect(ends.filter((end) => end !== null)).toHaveLength(1);
    expect(ends.find((end) => end !== null) >= shown.expires_at).toBe(true);
    expect(both.map(({ body }) => body.networks)).toEqual([old.networks, old.networks]);
    later(3_601 * SECOND_MS);
    expect(await statusWith(old.secret)).toBe(401);
    expect((await Promise.all(both.map(({ body }) => statusWith(body.secret)))).sort()).toEqual([200, 401]);
  });

  it("replaces no key of an agent that was retired, which has ended with the agent's others", async () => {
    const retiring = await register(service, 'retiring');
    const old = (await make({ kind: 'agent', agent_id: retiring.id })).body;
    const { body: next } = await rotate(old.key_id, { grace_s: 60 });
    expect((await service.request('DELETE', `/agents/${retiring.id}`)).status).toBe(204);
    for (const { key_id, secret } of [old, next]) {
      expect(await statusWith(secret)).toBe(401);
      expectProblem(await rotate(key_id), 404, 'KEY_NOT_FOUND');
    }
  });

  it.each([-1, 86_401, 1.5, 'soon'])('refuses a grace of %j seconds', async (grace_s) => {
    const { body } = await make();
    expectProblem(await rotate(body.key_id, { grace_s }), 422, 'VALIDATION_FAILED', 'grace_s');
    expect(await statusWith(body.secret)).toBe(200);
  });

  it.each(['nobody', '%00', "'%20OR%201=1--", newId(), 'x'.repeat(5_000)])('knows no key %s', async (id) => {
    expectProblem(await service.request('GET', `/keys/${id}`), 404, 'KEY_NOT_FOUND');
    expectProblem(await service.request('DELETE', `/keys/${id}`), 404, 'KEY_NOT_FOUND');
    expectProblem(await rotate(id), 404, 'KEY_NOT_FOUND');
  });

  it("takes no key of an agent, whatever its role, and no other role's", async () => {
    const refused: TestKey[] = [await aKey(service, 'admin', agent), await aKey(service, 'security')];
    for (const { secret } of refused) {
      expectProblem(await service.request('POST', '/keys', A_KEY, { key: secret }), 403, 'FORBIDDEN');
      expectProblem(await service.request('GET', '/keys', undefined, { key: secret }), 403, 'FORBIDDEN');
    }
  });
});

describe('keys over HTTP while RBAC is off', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.remove());

  it.each([
    ['POST', '/keys', A_KEY],
    ['GET', '/keys', undefined],
    ['GET', '/keys/x', undefined],
    ['DELETE', '/keys/x', undefined],
    ['POST', '/keys/x/rotate', {}],
  ])('need RBAC: %s %s', async (method, path, body) => {
    expectProblem(await service.request(method, path, body), 403, 'RBAC_REQUIRED');
    const [entry] = (await service.request('GET', '/events/audit?limit=1')).body;
    expect(entry).toMatchObject({
      operation: { type: 'access.denied' },
      principal: { id: 'local', kind: 'anonymous' },
      context: { code: 'RBAC_REQUIRED' },
    });
  });
});
