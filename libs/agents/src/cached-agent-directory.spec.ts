import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { EventListener, RecordedEvent } from '#kernel';
import { PolicyInForce } from '#rbac';
import { type AgentEntity, newAgent } from './agent.entity.js';
import { CachedAgentDirectory } from './cached-agent-directory.js';
import { toProfile } from './agent-profile.js';

const LIMITS_OF_ROLE = { maxTokensPerSession: 1_000, maxCostPerDayMicro: 2_000_000 };
const INHERITED_RIGHTS = {
  allowedTools: null,
  deniedTools: null,
  pathScopes: null,
  apiAccess: null,
  requiresApproval: false,
  approvalThresholdMicro: 10_000_000,
  trusted: true,
};
const idOf = (digit: number) => `5f1c2f1e-6d0a-4b55-9a43-00000000000${digit}`;

function aStoredAgent(digit: number, name: string, version = 1): AgentEntity {
  const profile = toProfile({ name, role: 'developer', capabilities: [], metadata_category: 'foundry' });
  return { ...newAgent(idOf(digit), profile, { origin: 'api', trusted: true }, 0), version };
}

const change = (operationType: string, digit: number, version = 1, source = 'decided') =>
  ({ operationType, agentId: idOf(digit), context: JSON.stringify({ version }), source }) as RecordedEvent;

describe('CachedAgentDirectory', () => {
  let stored: AgentEntity[];
  /** What the store is asked and has not answered yet; empty unless `held`. */
  let asked: { answer: () => void; fail: () => void }[];
  let held: boolean;
  let publish: EventListener;
  let directory: CachedAgentDirectory;
  let policy: PolicyInForce;

  beforeEach(async () => {
    stored = [aStoredAgent(1, 'one')];
    asked = [];
    held = false;
    const findLive = () => {
      const found = [...stored];
      if (!held) return Promise.resolve(found);
      return new Promise<AgentEntity[]>((resolve, reject) => {
        asked.push({ answer: () => resolve(found), fail: () => reject(new Error('the store is away')) });
      });
    };
    const subscribe = (listener: EventListener) => {
      publish = listener;
      return () => undefined;
    };
    directory = new CachedAgentDirectory(
      { findLive } as never,
      (policy = new PolicyInForce({ role: () => LIMITS_OF_ROLE } as never)),
      { subscribe } as never,
    );
    await directory.onModuleInit();
    held = true;
  });
  afterEach(async () => {
    held = false;
    for (const { answer } of asked) answer();
    await directory.onModuleDestroy();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  const settle = () => new Promise(setImmediate);
  const answer = async (index: number): Promise<void> => {
    await settle();
    asked[index]?.answer();
    await settle();
  };

  it('gives an agent the present limits of its role', () => {
    policy.put({ role: () => ({ ...LIMITS_OF_ROLE, maxTokensPerSession: 7 }) } as never);
    expect(directory.resolve('one')?.maxTokensPerSession).toBe(7);
  });

  it('knows the live agents by id in any case and by name', () => {
    expect(directory.resolve('one')).toEqual({
      agentId: idOf(1),
      name: 'one',
      role: 'developer',
      category: 'foundry',
      ...LIMITS_OF_ROLE,
      rights: INHERITED_RIGHTS,
    });
    expect(directory.resolve(idOf(1).toUpperCase())?.name).toBe('one');
    expect(directory.resolve('two')).toBeNull();
    expect(directory.count()).toBe(1);
  });

  it('takes what this process changes without asking the store', async () => {
    directory.put(aStoredAgent(2, 'two'));
    publish([change('agent.register', 2)]);
    directory.put(aStoredAgent(2, 'renamed', 2));
    publish([change('agent.update', 2, 2)]);
    directory.remove(idOf(1));
    publish([change('agent.retire', 1)]);
    await settle();
    expect(['one', 'two', 'renamed'].map((name) => directory.resolve(name)?.agentId)).toEqual([
      undefined,
      undefined,
      idOf(2),
    ]);
    expect(asked).toEqual([]);
  });

  it('asks the store for what other processes change', async () => {
    stored = [aStoredAgent(2, 'two')];
    publish([change('agent.retire', 1), change('agent.register', 2)]);
    await answer(0);
    expect([directory.resolve('one'), directory.resolve('two')?.agentId]).toEqual([null, idOf(2)]);
  });

  it('does not lose an agent that was registered while the store was being asked', async () => {
    publish([change('agent.register', 9)]);
    await settle();
    directory.put(aStoredAgent(2, 'two'));
    stored.push(aStoredAgent(2, 'two'));
    await answer(0);
    expect(directory.resolve('two')).not.toBeNull();
    await answer(1);
    expect(directory.resolve('two')).not.toBeNull();
  });

  it('does not bring an agent back that was retired while the store was being asked', async () => {
    publish([change('agent.register', 9)]);
    await settle();
    directory.remove(idOf(1));
    stored = [];
    await answer(0);
    expect(directory.count()).toBe(0);
    await answer(1);
    expect(directory.count()).toBe(0);
  });

  it('does not give a name back to its retired agent', async () => {
    publish([change('agent.register', 9)]);
    await settle();
    directory.remove(idOf(1));
    directory.put(aStoredAgent(2, 'one'));
    stored = [aStoredAgent(2, 'one')];
    await answer(0);
    await answer(1);
    expect(directory.resolve('one')?.agentId).toBe(idOf(2));
    expect(directory.resolve(idOf(1))).toBeNull();
  });

  it('does not learn of an agent that another process retired while the store was being asked', async () => {
    stored.push(aStoredAgent(2, 'two'));
    publish([change('agent.register', 2)]);
    await settle();
    stored.pop();
    publish([change('agent.retire', 2)]);
    await answer(0);
    await answer(1);
    expect(directory.resolve('two')).toBeNull();
  });

  it('asks once at a time while another process registers many', async () => {
    for (let digit = 2; digit < 9; digit += 1) {
      stored.push(aStoredAgent(digit, `agent-${digit}`));
      publish([change('agent.register', digit)]);
    }
    await answer(0);
    await answer(1);
    expect(directory.count()).toBe(8);
    expect(asked.length).toBeLessThanOrEqual(2);
  });

  it('asks again where the store failed', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const complaint = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    stored.push(aStoredAgent(2, 'two'));
    publish([change('agent.register', 2)]);
    await settle();
    asked[0]?.fail();
    await settle();
    expect(complaint).toHaveBeenCalledTimes(1);
    expect(directory.resolve('one')).not.toBeNull();
    jest.advanceTimersByTime(1_000);
    await answer(1);
    expect(directory.resolve('two')).not.toBeNull();
  });

  it.each([
    ['agent.retire', 'reported'],
    ['agent.activate', 'decided'],
  ])('minds no event %s that was %s', async (operationType, source) => {
    publish([change(operationType, 1, 9, source)]);
    await settle();
    expect(asked).toEqual([]);
  });
});
