import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { placeholders, Reader } from '#persistence';
import { OpenedStore, takeOn, upTo } from '../../../../test/support/opened-store.js';
import { randomFrom } from '../../../../test/support/random.js';
import { newTestStore, TEST_DIALECT } from '../../../../test/support/store.js';
import { AuditRepository } from '../audit.repository.js';
import type { AuditFilter } from '../log/log-query.js';
import { AuditTextRepository } from './audit-text.repository.js';
import { TextFollower } from './text-follower.js';
import { wordsOf } from './words.js';

const TEXTS = [
  'Write: src/App.ts',
  'git push origin MAIN',
  'Straße',
  'ΟΔΟΣ',
  '日本語',
  '½ * "x" \'y\' & !',
  '\u{1F600}',
  '',
];
const PAGE = { skip: 0, limit: 500 };

describe('looking for words in the log', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  let log: AuditRepository;
  const text = new AuditTextRepository();
  /** Up to so many entries at once. */
  const follow = (of: OpenedStore, most: number): Promise<boolean> =>
    takeOn(new TextFollower(text, of.followedBy(most), of.writer, of.bus));
  const found = async (q: string, filter: AuditFilter = {}): Promise<number[]> => {
    const { items } = await log.findNewest({ ...filter, words: wordsOf(q) }, PAGE);
    return items.map(({ seq }) => seq);
  };
  const mark = async (): Promise<number> => {
    const rows = await opened.reader.query<{ seq: number }>(
      `SELECT seq FROM log_followers WHERE name = 'text'`,
    );
    return rows[0]!.seq;
  };
  /** The same, entry by entry. */
  const expected = async (q: string): Promise<number[]> => {
    const { items } = await log.findNewest({}, PAGE);
    const indexed = await mark();
    return items
      .filter(({ seq }) => seq <= indexed)
      .filter(({ operationDetail, targetResource, rbacReason }) => {
        const words = wordsOf([operationDetail, targetResource, rbacReason].join(' '));
        return [...wordsOf(q)].every((word) => words.has(word));
      })
      .map(({ seq }) => seq);
  };
  const expectFound = async (): Promise<void> => {
    for (const q of [
      'src',
      'APP write',
      'main git',
      'strasse',
      'STRAẞE',
      'straße',
      'οδος',
      'ΟΔΟΣ',
      '日本語',
      '1⁄2',
      'x',
      'y x',
    ])
      expect([q, await found(q)]).toEqual([q, await expected(q)]);
  };

  beforeAll(async () => {
    opened = await OpenedStore.open(test);
    log = new AuditRepository(opened.reader);
    const random = randomFrom(7);
    const text = () => TEXTS[Math.floor(random() * TEXTS.length)]!;
    await Promise.all(
      upTo(200).map((n) =>
        opened.record({
          operationDetail: text(),
          targetResource: text(),
          reason: text(),
          operationType: n % 5 === 0 ? 'rare' : 'tool_use',
          agent: { agentId: n % 2 ? 'odd' : 'even', name: 'x', role: 'tester' },
        }),
      ),
    );
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  it('finds what is indexed, however far that is', async () => {
    await expectFound();
    for (const most of [1, 9, 60, 500]) {
      await follow(opened, most);
      await expectFound();
    }
    expect(await mark()).toBe(200);
    expect(await found('write app')).not.toEqual([]);
  });

  it('finds each entry once where two follow the same log while it grows', async () => {
    const other = await OpenedStore.open(test);
    const writes = upTo(60).map((n) => (n % 2 ? opened : other).record({ operationDetail: `twice n${n}` }));
    const steps = upTo(20).map((n) => follow(n % 2 ? opened : other, 9));
    await Promise.all([...writes, ...steps]);
    while ((await mark()) < 260) await follow(other, 50);
    await other.close();
    expect(await found('twice')).toEqual(await expected('twice'));
    expect(await found('twice')).toHaveLength(60);
  });

  it('goes with the other filters and by the page', async () => {
    const { items } = await log.findNewest({}, PAGE);
    const write = new Set(await expected('write'));
    const rare = items.filter(({ seq, operationType, agentId }) => {
      return write.has(seq) && operationType === 'rare' && agentId === 'even';
    });
    const filter = { agentId: 'even', operationType: 'rare', from: 1, to: Date.now() + 1 };
    expect(await found('write', filter)).toEqual(rare.map(({ seq }) => seq));
    expect(await found('write', { to: 1 })).toEqual([]);

    const pages: number[] = [];
    let after: readonly number[] | undefined;
    do {
      const page = await log.findNewest(
        { words: wordsOf('write') },
        { skip: 0, limit: 7, ...(after && { after }) },
      );
      pages.push(...page.items.map(({ seq }) => seq));
      after = (page.next as readonly number[] | null) ?? undefined;
    } while (after);
    expect(pages).toEqual([...write]);
  });

  it('takes as many words as a request may hold', async () => {
    expect(
      await found(
        upTo(100)
          .map((n) => String.fromCharCode(0x4e00 + n))
          .join(' '),
      ),
    ).toEqual([]);
  });

  it('is led by the index', async () => {
    const asked: [string, readonly unknown[]][] = [];
    const noting = Object.create(opened.reader, {
      dialect: { value: TEST_DIALECT },
      query: { value: (sql: string, values: unknown[]) => (asked.push([sql, values]), Promise.resolve([])) },
    }) as Reader;
    const more = TEST_DIALECT === 'sqlite' ? { agentId: 'odd' } : {};
    const page = TEST_DIALECT === 'sqlite' ? { ...PAGE, after: [50] } : PAGE;
    await new AuditRepository(noting).findNewest({ words: wordsOf('a b'), ...more }, page);
    const [[sql, values]] = asked as [[string, unknown[]]];
    const runner = opened.store.readSource.createQueryRunner();
    if (TEST_DIALECT === 'postgres') await runner.query('SET enable_seqscan = off');
    if (TEST_DIALECT === 'postgres') await runner.query('SET enable_indexscan = off');
    const explain = TEST_DIALECT === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN';
    const rows = (await runner.query(`${explain} ${placeholders(TEST_DIALECT, sql)}`, values)) as object[];
    if (TEST_DIALECT === 'postgres') await runner.query('RESET ALL');
    await runner.release();
    const plan = rows.map((row) => JSON.stringify(row)).join('\n');
    if (TEST_DIALECT === 'postgres') expect(plan).toMatch(/Bitmap Index Scan on audit_text_words/);
    else {
      expect(plan).toMatch(/SCAN audit_text VIRTUAL TABLE INDEX \d+:[^"]*M[^"]*</);
      expect(plan).toMatch(/SEARCH agent_audit_log USING INTEGER PRIMARY KEY/);
      expect(plan).not.toMatch(/TEMP B-TREE/);
    }
  });

  it('follows by itself, over a log longer than one step', async () => {
    const follower = new TextFollower(text, opened.followed, opened.writer, opened.bus);
    for (let batch = 0; batch < 2; batch += 1)
      await Promise.all(upTo(1_500).map((n) => opened.record({ operationDetail: `long l${batch}n${n}` })));
    await follower.catchUp();
    expect(await mark()).toBe((await opened.sequence()).length);
    expect(await found('l1n1500')).toHaveLength(1);
    expect(await found('l0n1 long')).toHaveLength(1);
  });

  it('leaves nothing of a step that fails', async () => {
    await opened.record({ operationDetail: 'unfinished' });
    const before = await mark();
    class Failing extends AuditTextRepository {
      override async add(...given: Parameters<AuditTextRepository['add']>) {
        await super.add(...given);
        throw new Error('no');
      }
    }
    const failing = new TextFollower(new Failing(), opened.followed, opened.writer, opened.bus);
    await expect(takeOn(failing)).rejects.toThrow('no');
    expect([await mark(), await found('unfinished')]).toEqual([before, []]);
    await follow(opened, 10);
    expect(await found('unfinished')).toHaveLength(1);
  });
});
