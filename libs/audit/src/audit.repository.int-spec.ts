import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OpenedStore } from '../../../test/support/opened-store.js';
import { newTestStore } from '../../../test/support/store.js';
import { AuditRepository } from './audit.repository.js';

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, count) => all + count, 0);

describe('counting the log', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  /** A reader before each of whose answers another entry is committed. */
  let racing: AuditRepository;
  beforeAll(async () => {
    opened = await OpenedStore.open(test);
    let turn: Promise<unknown> = Promise.resolve();
    const query = (sql: string, parameters: unknown[]) =>
      (turn = turn.then(async () => {
        await opened.record();
        return opened.reader.query(sql, parameters);
      }));
    racing = new AuditRepository({ query } as never);
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  it('agrees with itself while entries are being written', async () => {
    for (const [operationType, decision, role] of [
      ['__proto__', 'allowed', 'constructor'],
      ['__proto__', 'denied', 'toString'],
      ['tool_use', 'denied', 'constructor'],
    ] as const)
      await opened.record({
        operationType,
        decision,
        agent: { agentId: 'a', name: 'a', role },
      });
    const { total, decisions, operationTypes, roles } = await racing.count(undefined);
    expect([sum(decisions), sum(operationTypes), sum(roles)]).toEqual([total, total, total]);
    expect(decisions).toEqual({ allowed: 2, denied: 2 });
    expect(Object.entries(operationTypes).sort()).toEqual([
      ['__proto__', 2],
      ['tool_use', 2],
    ]);
    expect(Object.entries(roles).sort()).toEqual([
      ['constructor', 2],
      ['toString', 1],
      ['unknown', 1],
    ]);
  });

  it('counts the entries of one agent', async () => {
    await opened.record({ agent: { agentId: 'b', name: 'b', role: 'tester' } });
    expect(await racing.count('b')).toEqual({
      total: 1,
      decisions: { allowed: 1 },
      operationTypes: { tool_use: 1 },
      roles: { tester: 1 },
    });
    expect((await racing.count('nobody')).total).toBe(0);
  });
});
