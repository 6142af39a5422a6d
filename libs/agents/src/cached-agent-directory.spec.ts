import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#kernel';
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

function aStoredAgent(digit: number, name: string, changes: Partial<AgentEntity> = {}): AgentEntity {
  const profile = toProfile({ name, role: 'developer', capabilities: [], metadata_category: 'foundry' });
  return { ...newAgent(idOf(digit), profile, { origin: 'api', trusted: true }, 0), ...changes };
}

const change = (operationType: string, digit: number, version = 1, source = 'decided') =>
  ({ operationType, agentId: idOf(digit), context: JSON.stringify({ version }), source }) as RecordedEvent;

describe('CachedAgentDirectory', () => {
  let stored: AgentEntity[];
  /** What the store is asked and has not answered yet; empty unless `held`. */
  let asked: { agentIds: readonly string[]; answer: () => void; fail: () => void }[];
  let held: boolean;
  let directory: CachedAgentDirectory;
  let policy: PolicyInForce;

  beforeEach(async () => {
    stored = [aStoredAgent(1, 'one'), aStoredAgent(8, 'former', { retiredAt: 1, category: 'archive' })];
    asked = [];
    held = false;
    const find = (isFound: (agent: AgentEntity) => boolean, agentIds: readonly string[] = []) => {
      const found = stored.filter(isFound);
      if (!held) return Promise.resolve(found);
      return new Promise<AgentEntity[]>((resolve, reject) => {
        const fail = () => reject(new Error('the store is away'));
        asked.push({ agentIds, answer: () => resolve(found), fail });
      });
    };
    const repository = {
      findLive: () => find(({ retiredAt }) => retiredAt === null),
      findRetired: () => find(({ retiredAt }) => retiredAt !== null),
      findByIds: (ids: readonly string[]) => find(({ agentId }) => ids.includes(agentId), ids),
    };
    policy = new PolicyInForce({ role: () => LIMITS_OF_ROLE } as never);
    directory = new CachedAgentDirectory(repository as never, policy);
    await directory.onModuleInit();
    held = true;
  });
  afterEach(() => directory.onModuleDestroy());

  const settle = () => new Promise(setImmediate);
  /** Retires an agent by another process. */
  const retire = (digit: number): void => {
    stored = stored.map((agent) => (agent.agentId === idOf(digit) ? { ...agent, retiredAt: 2 } : agent));
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
    expect(directory.resolve('former')).toBeNull();
    expect(directory.count()).toBe(1);
  });

  it('knows the category of an agent, and the last one of an agent that is retired', () => {
    directory.put(aStoredAgent(1, 'one', { version: 2, category: 'quality' }));
    expect([1, 8, 9].map((digit) => directory.categoryOf(idOf(digit)))).toEqual(['quality', 'archive', null]);
    // Another process registered this one, and it was never heard of here.
    directory.retire(aStoredAgent(2, 'two', { category: 'tooling' }));
    directory.retire(aStoredAgent(1, 'one', { version: 2, category: 'quality' }));
    directory.put(aStoredAgent(3, 'one'));
    expect([1, 2, 3].map((digit) => directory.categoryOf(idOf(digit)))).toEqual([
      'quality',
      'tooling',
      'foundry',
    ]);
    expect(directory.resolve('one')?.agentId).toBe(idOf(3));
  });

  it('takes what this process changes without asking the store', async () => {
    directory.put(aStoredAgent(2, 'two'));
    await directory.catchUp([change('agent.register', 2)]);
    directory.put(aStoredAgent(2, 'renamed', { version: 2 }));
    await directory.catchUp([change('agent.update', 2, 2)]);
    directory.retire(aStoredAgent(1, 'one'));
    await directory.catchUp([change('agent.retire', 1)]);
    expect(['one', 'two', 'renamed'].map((name) => directory.resolve(name)?.agentId)).toEqual([
      undefined,
      undefined,
      idOf(2),
    ]);
    expect(asked).toEqual([]);
  });

  it('asks the store once for what other processes changed, and for that alone', async () => {
    retire(1);
    stored.push(aStoredAgent(2, 'one', { version: 3 }));
    const over = directory.catchUp([
      change('agent.register', 8),
      change('agent.retire', 1),
      change('agent.register', 2),
      change('agent.update', 2, 3),
    ]);
    asked[0]?.answer();
    await over;
    expect(asked.map(({ agentIds }) => agentIds)).toEqual([[idOf(1), idOf(2)]]);
    expect(directory.resolve('one')?.agentId).toBe(idOf(2));
    expect([directory.resolve(idOf(1)), directory.categoryOf(idOf(1))]).toEqual([null, 'foundry']);
    await directory.catchUp([change('agent.update', 2, 2), change('agent.retire', 1)]);
    expect(asked).toHaveLength(1);
  });

  it('asks for an agent whose change no longer says its version', async () => {
    stored[0] = aStoredAgent(1, 'renamed', { version: 2 });
    const over = directory.catchUp([{ ...change('agent.update', 1), context: null }]);
    asked[0]?.answer();
    await over;
    expect(directory.resolve('renamed')?.agentId).toBe(idOf(1));
  });

  it('does not bring an agent back that was retired while the store was being asked', async () => {
    stored[0] = aStoredAgent(1, 'one', { version: 2 });
    const over = directory.catchUp([change('agent.update', 1, 2)]);
    directory.retire(aStoredAgent(1, 'one', { version: 2 }));
    asked[0]?.answer();
    await settle();
    asked[1]?.answer();
    await over;
    expect([directory.count(), directory.resolve('one')]).toEqual([0, null]);
  });

  it('does not bring an agent back whose change was slower than its end by another process', async () => {
    retire(1);
    const over = directory.catchUp([change('agent.retire', 1)]);
    asked[0]?.answer();
    await over;
    directory.put(aStoredAgent(1, 'one', { version: 2 }));
    expect(directory.resolve('one')).toBeNull();
  });

  it('does not give a name back to an agent that has another one now', async () => {
    stored.push(aStoredAgent(2, 'two'));
    const over = directory.catchUp([change('agent.register', 2)]);
    // Meanwhile it is renamed elsewhere, and its name is given away here.
    stored = stored.map((agent) =>
      agent.name === 'two' ? aStoredAgent(2, 'renamed', { version: 2 }) : agent,
    );
    directory.put(aStoredAgent(3, 'two'));
    asked[0]?.answer();
    await settle();
    asked[1]?.answer();
    await over;
    expect([directory.resolve('two')?.agentId, directory.resolve('renamed')?.agentId]).toEqual([
      idOf(3),
      idOf(2),
    ]);
  });

  it('fails where the store does, and asks again the next time', async () => {
    stored.push(aStoredAgent(2, 'two'));
    const failing = directory.catchUp([change('agent.register', 2)]);
    asked[0]?.fail();
    await expect(failing).rejects.toThrow('the store is away');
    expect(directory.resolve('one')).not.toBeNull();
    const over = directory.catchUp([change('agent.register', 2)]);
    asked[1]?.answer();
    await over;
    expect(directory.resolve('two')).not.toBeNull();
  });

  it.each([
    ['agent.retire', 'reported'],
    ['agent.activate', 'decided'],
  ])('minds no event %s that was %s', async (operationType, source) => {
    await directory.catchUp([change(operationType, 1, 9, source)]);
    expect(asked).toEqual([]);
  });
});
