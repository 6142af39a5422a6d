import { beforeEach, describe, expect, it } from '@jest/globals';
import { type EventDraft, systemContext, type TransactionContext, ValidationFailed } from '#kernel';
import type { ApiKeyEntity } from './api-key.entity.js';
import { ApiKeysService } from './api-keys.service.js';
import { hashKey, type NewApiKey } from './new-api-key.js';

const AGENT = { agentId: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11', name: 'coder', role: 'developer' };

const RETIRED = '9a1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c22';

describe('ApiKeysService', () => {
  let stored: ApiKeyEntity[];
  let ring: Set<string>;
  let drafts: EventDraft[];
  /** What is to happen once the transaction is durable. */
  let effects: (() => void)[];
  let service: ApiKeysService;

  beforeEach(() => {
    [stored, ring, drafts, effects] = [[], new Set(), [], []];
    const tx = { afterCommit: (effect: () => void) => void effects.push(effect) };
    const repository = {
      isAgentLive: (_tx: unknown, id: string) => Promise.resolve(id !== RETIRED),
      insert: (_tx: unknown, key: ApiKeyEntity) => Promise.resolve(void stored.push(key)),
      findUnrevokedById: (_tx: unknown, id: string) =>
        Promise.resolve(stored.find((key) => key.keyId === id && key.revokedAt === null) ?? null),
      findUnrevokedOfAgent: (_tx: unknown, id: string) =>
        Promise.resolve(stored.filter((key) => key.agentId === id)),
      revoke: (_tx: unknown, id: string, at: number) => {
        for (const key of stored) if (key.keyId === id) key.revokedAt = at;
        return Promise.resolve();
      },
      setExpiry: (_tx: unknown, id: string, at: number) => {
        for (const key of stored) if (key.keyId === id) key.expiresAt = at;
        return Promise.resolve();
      },
    };
    service = new ApiKeysService(
      repository as never,
      { put: (key: ApiKeyEntity) => ring.add(key.keyId), remove: (id: string) => ring.delete(id) } as never,
      { resolve: (reference: string) => (reference === AGENT.agentId ? AGENT : null) } as never,
      { run: (ctx: object, work: (tx: unknown) => unknown) => work({ ...ctx, tx }) } as never,
      { record: (_tx: unknown, draft: EventDraft) => drafts.push(draft) } as never,
      { now: () => 5_000 },
    );
  });

  const commit = () => {
    for (const effect of effects.splice(0)) effect();
  };
  const create = (changes: Partial<NewApiKey> = {}) =>
    service.create(systemContext(), { name: 'ci', kind: 'service', role: 'tester', ...changes });

  it('keeps the hash of a key, its first characters and nothing more of it', async () => {
    const { key, secret } = await create();
    expect(secret).toMatch(/^arm_[\w-]{43}$/);
    expect(stored).toEqual([
      expect.objectContaining({ keyId: key.keyId, hash: hashKey(secret), prefix: secret.slice(0, 12) }),
    ]);
    expect(JSON.stringify([stored, drafts])).not.toContain(secret.slice(12));
  });

  it('never makes the same key twice', async () => {
    const secrets = await Promise.all(Array.from({ length: 50 }, async () => (await create()).secret));
    expect(new Set(secrets).size).toBe(50);
  });

  it('opens the door with a key when it is durable, and not before', async () => {
    const { key } = await create();
    expect(ring.size).toBe(0);
    commit();
    expect([...ring]).toEqual([key.keyId]);
  });

  it('shuts the door to a key when its revocation is durable, and not before', async () => {
    const { key } = await create();
    commit();
    await service.revoke(systemContext(), key.keyId);
    expect([...ring]).toEqual([key.keyId]);
    commit();
    expect(ring.size).toBe(0);
  });

  it("shuts it to all of an agent's keys, and to no other", async () => {
    await create({ kind: 'agent', agentId: AGENT.agentId });
    await create({ kind: 'agent', agentId: AGENT.agentId });
    const { key: stays } = await create();
    commit();
    await service.revokeOfAgent(
      {
        ...systemContext(),
        tx: { afterCommit: (effect: () => void) => effects.push(effect) },
      } as unknown as TransactionContext,
      AGENT.agentId,
    );
    commit();
    expect([...ring]).toEqual([stays.keyId]);
  });

  it('names the agent that a key is bound to in its entries', async () => {
    await create({ kind: 'agent', agentId: AGENT.agentId });
    await create({ kind: 'agent', agentId: 'gone' });
    await create();
    expect(drafts.map(({ agent }) => agent)).toEqual([
      AGENT,
      { agentId: 'gone', name: 'gone', role: 'unknown' },
      { agentId: 'system', name: 'system', role: 'admin' },
    ]);
  });

  it('makes no key for an agent that was retired meanwhile', async () => {
    await expect(create({ kind: 'agent', agentId: RETIRED })).rejects.toMatchObject({
      code: 'AGENT_NOT_FOUND',
    });
    expect([stored, drafts, effects]).toEqual([[], [], []]);
  });

  it('keeps the networks of a key, none of which means any', async () => {
    await create({ networks: ['10.0.0.0/8', '::1/128'] });
    await create({ networks: [] });
    await create();
    expect(stored.map(({ networks }) => networks)).toEqual([['10.0.0.0/8', '::1/128'], null, null]);
  });

  it('finds no key to revoke under an unknown id, or twice', async () => {
    const { key } = await create();
    await service.revoke(systemContext(), key.keyId);
    for (const id of [key.keyId, 'nobody'])
      await expect(service.revoke(systemContext(), id)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  });

  it('replaces a key by one of the same attributes, and links the two', async () => {
    const bounds = { networks: ['10.0.0.0/8'], expiresAt: 9_000 };
    const { key: old } = await create({ kind: 'agent', agentId: AGENT.agentId, ...bounds });
    drafts.length = 0;
    const { key, secret } = await service.rotate(systemContext(), old.keyId, 0);
    commit();
    const { kind, role, agentId, name } = old;
    expect(key).toMatchObject({
      ...bounds,
      kind,
      role,
      agentId,
      name,
      hash: hashKey(secret),
      revokedAt: null,
    });
    expect([...ring]).toEqual([key.keyId]);
    expect(drafts.map(({ operationType, targetResource }) => [operationType, targetResource])).toEqual([
      ['key.create', key.keyId],
      ['key.rotate', old.keyId],
      ['key.revoke', old.keyId],
    ]);
    expect(JSON.parse(drafts[1]?.context ?? '')).toMatchObject({ replaced_by: key.keyId, ends_at: 5_000 });
    expect(JSON.stringify([stored, drafts])).not.toContain(secret.slice(12));
  });

  it.each([
    ['when the grace is over', null, 6_000],
    ['when it expires, if that comes first', 5_500, 5_500],
  ])('ends a key that was replaced with grace %s', async (_when, expiresAt, ends) => {
    const { key: old } = await create({ expiresAt });
    const { key } = await service.rotate(systemContext(), old.keyId, 1_000);
    commit();
    expect([...ring].sort()).toEqual([old.keyId, key.keyId].sort());
    expect(stored.map((each) => [each.expiresAt, each.revokedAt])).toEqual([
      [ends, null],
      [expiresAt, null],
    ]);
    expect(drafts.map(({ operationType }) => operationType)).not.toContain('key.revoke');
  });

  it('replaces no key that has ended', async () => {
    const { key: expired } = await create({ expiresAt: 5_000 });
    const { key: revoked } = await create();
    await service.revoke(systemContext(), revoked.keyId);
    for (const id of [expired.keyId, revoked.keyId, 'nobody'])
      await expect(service.rotate(systemContext(), id, 0)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    expect(stored).toHaveLength(2);
  });

  it.each<[path: string, changes: Partial<NewApiKey>]>([
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(65) }],
    ['name', { name: 'a\nb' }],
    ['kind', { kind: 'robot' as never }],
    ['role', { role: 'root' }],
    ['role', { role: '__proto__' }],
    ['networks', { networks: ['10.0.0.0/8', '10.0.0.0'] }],
    ['agent_id', { kind: 'agent' }],
    ['agent_id', { kind: 'human', agentId: AGENT.agentId }],
  ])('refuses a bad %s', (path, changes) => {
    const refused = () => create(changes);
    expect(refused).toThrow(ValidationFailed);
    expect(refused).toThrow(new RegExp(`^${path}: `));
    expect(stored).toEqual([]);
  });
});
