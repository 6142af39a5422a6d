import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OpenedStore, takeOn, upTo } from '../../../../test/support/opened-store.js';
import { randomFrom } from '../../../../test/support/random.js';
import { newTestStore } from '../../../../test/support/store.js';
import { AuditCountsRepository, COUNTED, type CountGroup, type CountRow } from './audit-counts.repository.js';
import { CountsFollower } from './counts-follower.js';

const ENTRIES = 400;
const DAY = 86_400_000;
const pick = (random: () => number, values: readonly string[]): string =>
  values[Math.floor(random() * values.length)] as string;

type Row = Record<'agent_id' | 'agent_role' | 'operation_type' | 'rbac_decision', string> & {
  recorded_at: number;
};

describe('counting the log', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  let counts: AuditCountsRepository;
  /** Up to so many entries at once. @returns whether there may be more. */
  const follow = (
    of: OpenedStore,
    most: number,
    by = new AuditCountsRepository(of.reader),
  ): Promise<boolean> => takeOn(new CountsFollower(by, of.followedBy(most), of.writer, of.bus));
  const mark = async (): Promise<number> => (await opened.followed.progressOf('counts')).mark;

  /** What was counted of `kind`, by value. */
  const by = (rows: readonly CountRow[], kind: CountGroup) =>
    Object.entries(
      Object.fromEntries(rows.filter((row) => row.kind === kind).map((row) => [row.value, row.entries])),
    ).sort();

  /** The same, entry by entry. */
  const expected = (rows: readonly Row[], value: (row: Row) => string) => {
    const found = new Map<string, number>();
    for (const row of rows) found.set(value(row), (found.get(value(row)) ?? 0) + 1);
    return [...found].sort();
  };

  const expectExact = async (): Promise<void> => {
    const rows = await opened.reader.query<Row>(
      'SELECT agent_id, agent_role, operation_type, rbac_decision, recorded_at FROM agent_audit_log',
    );
    for (const agentId of [undefined, 'a', '__proto__', 'nobody']) {
      const mine = rows.filter((row) => agentId === undefined || row.agent_id === agentId);
      for (const groupBy of ['day', 'agent', undefined] as const) {
        const answer = await counts.count({ agentId, groupBy });
        for (const [kind, column] of Object.entries(COUNTED)) {
          expect(by(answer, kind as CountGroup)).toEqual(expected(mine, (row) => row[column]));
        }
        if (groupBy === 'agent') expect(by(answer, 'agent')).toEqual(expected(mine, (row) => row.agent_id));
        if (groupBy === 'day') {
          const day = ({ recorded_at: at }: Row) => String(at - (at % DAY));
          expect(by(answer, 'day')).toEqual(expected(mine, day));
        }
      }
      const today = Math.floor(Date.now() / DAY) * DAY;
      const days = { from: today, to: today + DAY };
      const since = mine.filter(({ recorded_at }) => recorded_at >= days.from && recorded_at < days.to);
      expect(by(await counts.count({ agentId, days }), 'type')).toEqual(
        expected(since, (row) => row.operation_type),
      );
    }
  };

  beforeAll(async () => {
    opened = await OpenedStore.open(test);
    counts = new AuditCountsRepository(opened.reader);
    const random = randomFrom(5);
    const entry = () => ({
      operationType: pick(random, ['__proto__', 'tool_use', 'constructor', 'agent.register']),
      decision: pick(random, ['allowed', 'denied', 'unknown']) as 'allowed',
      agent: {
        agentId: pick(random, ['a', 'b', '__proto__']),
        name: 'x',
        role: pick(random, ['tester', 'toString']),
      },
    });
    await Promise.all(upTo(ENTRIES).map(() => opened.record(entry())));
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  it('is exact where nothing has been counted before', () => expectExact());

  it('is exact however far the counts have come', async () => {
    for (const most of [1, 7, 100]) {
      const before = await mark();
      await follow(opened, most);
      expect(await mark()).toBe(before + most);
      await expectExact();
    }
    await opened.record({ agent: { agentId: 'a', name: 'a', role: 'tester' } });
    await expectExact();
    expect(await follow(opened, 100)).toBe(true);
    expect(await follow(opened, ENTRIES)).toBe(false);
    expect(await mark()).toBe(ENTRIES + 1);
    await expectExact();
  });

  it('counts each entry once where two follow the same log while it grows', async () => {
    const other = await OpenedStore.open(test);
    const writes = upTo(120).map((n) => (n % 2 ? opened : other).record({ operationType: `type-${n % 3}` }));
    const steps = upTo(20).map((n) => follow(n % 2 ? opened : other, 9));
    await Promise.all([...writes, ...steps]);
    await expectExact();
    while (await follow(other, 50)) await expectExact();
    await other.close();
  });

  it('agrees with itself while entries are being written', async () => {
    let turn: Promise<unknown> = Promise.resolve();
    const query = (sql: string, parameters: unknown[]) =>
      (turn = turn.then(async () => {
        await opened.record();
        return opened.reader.query(sql, parameters);
      }));
    const rows = await new AuditCountsRepository({ query } as never).count({});
    const total = (kind: CountGroup) => by(rows, kind).reduce((sum, [, entries]) => sum + entries, 0);
    expect(total('decision')).toBe((await opened.sequence()).length);
    expect([total('type'), total('role')]).toEqual([total('decision'), total('decision')]);
  });

  it('leaves nothing of a step that fails', async () => {
    class Failing extends AuditCountsRepository {
      override async add(...given: Parameters<AuditCountsRepository['add']>) {
        await super.add(...given);
        throw new Error('no');
      }
    }
    await opened.record();
    await expect(follow(opened, 3, new Failing(opened.reader))).rejects.toThrow('no');
    await expectExact();
  });

  it('takes few at once while few are left, and all that has piled up, so that it does not fall behind', async () => {
    const follower = new CountsFollower(counts, opened.followed, opened.writer, opened.bus);
    await follower.catchUp();
    const begin = await mark();
    const pile = (count: number) => Promise.all(upTo(count).map(() => opened.record()));
    await pile(600);
    expect([await takeOn(follower), await mark()]).toEqual([true, begin + 500]);
    await pile(1_500);
    await pile(1_500);
    expect([await takeOn(follower), await mark()]).toEqual([false, begin + 3_600]);
  });

  it('follows by itself, over a log longer than one step', async () => {
    const follower = new CountsFollower(counts, opened.followed, opened.writer, opened.bus);
    await Promise.all(upTo(1_500).map(() => opened.record()));
    await Promise.all(upTo(1_500).map(() => opened.record()));
    await follower.catchUp();
    const size = (await opened.sequence()).length;
    expect(await mark()).toBe(size);
    await expectExact();
  });
});
