import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { Place } from '#contract';
import { OpenedStore } from '../support/opened-store.js';
import { NotingReader, planOf } from '../support/plans.js';
import { newTestStore, TEST_DIALECT } from '../support/store.js';
import { keyOf, LISTS, LOG_KEY } from './planned-lists.js';

/** One that notes what a repository asks, too. */
class ListReader extends NotingReader {
  override repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>) {
    const repository = super.repository(entity);
    const create = repository.createQueryBuilder.bind(repository);
    repository.createQueryBuilder = (...args) => {
      const builder = create(...args);
      const getMany = builder.getMany.bind(builder);
      builder.getMany = () => {
        const [sql, parameters] = builder.getQueryAndParameters();
        this.asked.push({ sql, parameters: parameters as unknown[] });
        return getMany();
      };
      return builder;
    };
    return repository;
  }
}

const SQLITE = TEST_DIALECT === 'sqlite';
/** How a plan names a search that begins at a cursor's place. */
const BEHIND: Readonly<Record<string, string>> = SQLITE
  ? {
      seq: '(rowid|seq)<\\?',
      number: 'rowid<\\?',
      pair: '_at,\\w+id\\)<',
      ascending: '_at,\\w+id\\)>',
      version: '_at,version\\)<',
      name: 'name>',
    }
  : {
      seq: '\\((\\w+_)?seq <',
      number: '\\(number <',
      pair: '_id\\) < ROW',
      ascending: '_id\\) > ROW',
      version: 'version\\) < ROW',
      name: '> .b.',
    };

const CASES = Object.entries(LISTS).flatMap(([name, { cases }]) =>
  cases.map(([filter, index]) => ({ name, filter, asked: JSON.stringify(filter), index })),
);

describe('the plan of a list', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  let reader: ListReader;
  beforeAll(async () => {
    opened = await OpenedStore.open(test);
  });
  beforeEach(() => {
    // What counts a whole list is no page.
    reader = new ListReader(opened.store, (sql) => !sql.startsWith('SELECT COUNT(*)'));
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  async function plansOf(name: string, filter: object, after?: Place): Promise<string[]> {
    await LISTS[name]!.read(reader, filter, { skip: 0, limit: 10, ...(after ? { after } : {}) });
    expect(reader.asked).toHaveLength(1);
    return Promise.all(
      reader.asked.map((asked) => planOf(opened.store.readSource, asked, ['seqscan', 'bitmapscan'])),
    );
  }

  const UNSORTED = expect.not.stringMatching(/TEMP B-TREE|\bSort\b|Seq Scan on agent|Bitmap/);

  it.each(CASES)('of $name walks $index in its order for $asked', async ({ name, filter, index }) => {
    const [plan] = await plansOf(name, filter);
    expect(plan).toEqual(UNSORTED);
    const walks = new RegExp(
      SQLITE
        ? `^(SCAN|SEARCH) \\w+ USING (COVERING )?INDEX ${index}\\b`
        : `Index (Only )?Scan (Backward )?using ${index} on`,
      'm',
    );
    // A table is itself the tree of its primary key.
    const walksTable = new RegExp(`^(SCAN ${index}|SEARCH ${index} USING INTEGER PRIMARY KEY .*)$`, 'm');
    expect(plan).toMatch(
      SQLITE && (index === LOG_KEY || index === keyOf('audit_checkpoints')) ? walksTable : walks,
    );
  });

  it.each(CASES)('of $name begins at the place of a cursor, for $asked', async ({ name, filter, index }) => {
    const { place, order } = LISTS[name]!;
    const [plan] = await plansOf(name, filter, place);
    expect(plan).toEqual(UNSORTED);
    const search = SQLITE
      ? `^SEARCH \\w+ USING (INTEGER PRIMARY KEY|(COVERING )?INDEX ${index}) \\(.*${BEHIND[order]}`
      : `Index (Only )?Scan (Backward )?using ${index} on .*\n +Index Cond: .*${BEHIND[order]}`;
    expect(plan).toMatch(new RegExp(search, 'm'));
  });
});
