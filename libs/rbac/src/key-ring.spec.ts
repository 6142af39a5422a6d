import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { EventListener, RecordedEvent } from '#kernel';
import type { ApiKeyEntity } from './api-key.entity.js';
import { KeyRing } from './key-ring.js';

function aStoredKey(keyId: string, changes: Partial<ApiKeyEntity> = {}): ApiKeyEntity {
  const known = {
    keyId,
    name: keyId,
    kind: 'service' as const,
    role: 'tester',
    owner: null,
    agentId: null,
    hash: `hash of ${keyId}`,
  };
  const unset = { networks: null, expiresAt: null, revokedAt: null, lastUsedAt: null };
  return { ...known, prefix: 'arm_', createdAt: 0, createdBy: 'admin', ...unset, ...changes };
}

const change = (operationType: string, targetResource: string, source = 'decided') =>
  ({ operationType, targetResource, source }) as RecordedEvent;

describe('KeyRing', () => {
  let stored: ApiKeyEntity[];
  /** What the store is asked and has not answered yet; empty unless `held`. */
  let asked: { answer: () => void; fail: () => void }[];
  let held: boolean;
  let now: number;
  let publish: EventListener;
  let ring: KeyRing;

  beforeEach(async () => {
    stored = [aStoredKey('a')];
    asked = [];
    held = false;
    now = 1_000;
    const findUnrevoked = () => {
      const found = [...stored];
      if (!held) return Promise.resolve(found);
      return new Promise<ApiKeyEntity[]>((resolve, reject) => {
        asked.push({ answer: () => resolve(found), fail: () => reject(new Error('the store is away')) });
      });
    };
    const subscribe = (listener: EventListener) => {
      publish = listener;
      return () => undefined;
    };
    ring = new KeyRing({ findUnrevoked } as never, { subscribe } as never, { now: () => now });
    await ring.onModuleInit();
    held = true;
  });
  afterEach(async () => {
    held = false;
    for (const { answer } of asked) answer();
    await ring.onModuleDestroy();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  const settle = () => new Promise(setImmediate);
  const answer = async (index: number): Promise<void> => {
    await settle();
    asked[index]?.answer();
    await settle();
  };

  it('knows the keys of the store by their hash', () => {
    const principal = { id: 'a', kind: 'service', role: 'tester', agentId: null, owner: null };
    expect(ring.find('hash of a')).toEqual({ principal, expiresAt: null, networks: null });
    expect(ring.find('hash of b')).toBeNull();
    expect([ring.holds('a'), ring.holds('b')]).toEqual([true, false]);
  });

  it('lets a key expire at its time', () => {
    ring.put(aStoredKey('brief', { expiresAt: 2_000 }));
    now = 1_999;
    expect([ring.find('hash of brief') !== null, ring.holds('brief')]).toEqual([true, true]);
    now = 2_000;
    expect([ring.find('hash of brief') !== null, ring.holds('brief')]).toEqual([false, false]);
  });

  it('takes what this process changes without asking the store', () => {
    ring.put(aStoredKey('b'));
    ring.remove('a');
    expect([ring.holds('a'), ring.holds('b')]).toEqual([false, true]);
    expect(asked).toEqual([]);
  });

  it('ends a key as soon as the log tells of it, even while the store does not answer', () => {
    publish([change('key.revoke', 'a')]);
    expect(ring.find('hash of a')).toBeNull();
  });

  it('does not bring a key back that was revoked while the store was being asked', async () => {
    publish([change('key.create', 'b')]);
    await settle();
    const [first] = asked;
    ring.remove('a');
    stored = [];
    first?.answer();
    await settle();
    expect(ring.holds('a')).toBe(false);
    await answer(1);
    expect(ring.holds('a')).toBe(false);
  });

  it('does not lose a key that was made while the store was being asked', async () => {
    publish([change('key.create', 'x')]);
    await settle();
    ring.put(aStoredKey('b'));
    stored.push(aStoredKey('b'));
    await answer(0);
    expect(ring.holds('b')).toBe(true);
  });

  it('asks again for a change that it heard of while asking', async () => {
    publish([change('key.create', 'b')]);
    await settle();
    stored.push(aStoredKey('b'));
    publish([change('key.create', 'b')]);
    await answer(0);
    await answer(1);
    expect(ring.holds('b')).toBe(true);
    expect(asked).toHaveLength(2);
  });

  it('asks again where the store failed', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const complaint = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    stored.push(aStoredKey('b'));
    publish([change('key.create', 'b')]);
    await settle();
    asked[0]?.fail();
    await settle();
    expect(complaint).toHaveBeenCalledTimes(1);
    expect(ring.holds('a')).toBe(true);
    jest.advanceTimersByTime(1_000);
    await answer(1);
    expect(ring.holds('b')).toBe(true);
  });

  it.each([
    ['key.revoke', 'reported'],
    ['tool_use', 'decided'],
  ])('minds no event %s that was %s', (operationType, source) => {
    publish([change(operationType, 'a', source)]);
    expect(ring.holds('a')).toBe(true);
    expect(asked).toEqual([]);
  });
});
