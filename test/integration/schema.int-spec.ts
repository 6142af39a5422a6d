import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource, type QueryRunner } from 'typeorm';
import { dataSourceOptions } from '#ormconfig';
import { MIGRATIONS, prepareFile, Store } from '#persistence';
import { databaseOf, OpenedStore, upTo } from '../support/opened-store.js';
import { newTestStore, TEST_DIALECT } from '../support/store.js';

interface Column {
  readonly name: string;
  readonly family: string;
  readonly nullable: boolean;
}

const FAMILIES: Readonly<Record<string, string>> = {
  text: 'text',
  bigint: 'integer',
  integer: 'integer',
  smallint: 'integer',
  'double precision': 'real',
  real: 'real',
  // SQLite keeps running sums as integers of 64 bits.
  numeric: TEST_DIALECT === 'sqlite' ? 'integer' : 'numeric',
};

function family(type: string): string {
  return FAMILIES[type.toLowerCase()] ?? `unknown: ${type}`;
}

const byName = (a: Column, b: Column): number => (a.name < b.name ? -1 : 1);

async function columnsOf(source: DataSource, table: string): Promise<Column[]> {
  if (TEST_DIALECT === 'sqlite') {
    const rows = await source.query<{ name: string; type: string; notnull: number; pk: number }[]>(
      `PRAGMA table_info(${table})`,
    );
    return rows
      .map(({ name, type, notnull, pk }) => ({
        name,
        family: family(type),
        nullable: notnull === 0 && pk === 0,
      }))
      .sort(byName);
  }
  const rows = await source.query<{ name: string; type: string; nullable: string }[]>(
    `SELECT column_name AS name, data_type AS type, is_nullable AS nullable FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = $1`,
    [table],
  );
  return rows
    .map(({ name, type, nullable }) => ({ name, family: family(type), nullable: nullable === 'YES' }))
    .sort(byName);
}

/** Everything this schema made, by kind and name, with its definition where the database keeps one. */
function objectsOf(source: DataSource): Promise<unknown[]> {
  return TEST_DIALECT === 'sqlite'
    ? source.query(
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
      )
    : source.query(
        `SELECT 'table' AS type, c.relname AS name, c.relkind::text AS sql FROM pg_class c
           WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind <> 't'
         UNION ALL SELECT 'function', p.proname, p.prosrc FROM pg_proc p
           WHERE p.pronamespace = current_schema()::regnamespace
         UNION ALL SELECT 'trigger', t.tgname, t.tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
         ORDER BY 1, 2`,
      );
}

describe('the schema', () => {
  const store = newTestStore();
  let opened: OpenedStore;
  let source: DataSource;
  beforeAll(async () => {
    opened = await OpenedStore.open(store);
    [source] = opened.sources;
  });
  afterAll(async () => {
    await opened.close();
    await store.remove();
  });

  it('has what the entities say, column by column', async () => {
    expect(source.entityMetadatas.length).toBeGreaterThan(0);
    for (const { tableName, columns } of source.entityMetadatas) {
      const declared = columns.map((column): Column => ({
        name: column.databaseName,
        family: family(source.driver.normalizeType(column)),
        nullable: column.isNullable,
      }));
      expect({ tableName, columns: await columnsOf(source, tableName) }).toEqual({
        tableName,
        columns: declared.sort(byName),
      });
    }
  });

  it('has the primary keys that the entities say', async () => {
    for (const { tableName, primaryColumns } of source.entityMetadatas) {
      const runner = source.createQueryRunner();
      const table = await runner.getTable(tableName);
      await runner.release();
      expect({ tableName, key: table?.primaryColumns.map((column) => column.name).sort() }).toEqual({
        tableName,
        key: primaryColumns.map((column) => column.databaseName).sort(),
      });
    }
  });

  it('is not touched by running the migrations again', async () => {
    const before = await objectsOf(source);
    expect(await source.runMigrations({ transaction: 'each' })).toEqual([]);
    const again = await OpenedStore.open(store);
    await again.close();
    expect(await objectsOf(source)).toEqual(before);
    const names = await source.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id');
    expect(names.map((row) => row.name)).toEqual(MIGRATIONS.map((migration) => new migration().name));
  });

  it('goes down to nothing and up again to the same', async () => {
    const before = await objectsOf(source);
    for (let left = MIGRATIONS.length; left > 0; left -= 1)
      await source.undoLastMigration({ transaction: 'each' });
    const left = (await objectsOf(source)) as { name: string }[];
    expect(left.map((each) => each.name).filter((name) => !/^(migrations|PK_)/.test(name))).toEqual([]);
    expect(await source.runMigrations({ transaction: 'each' })).toHaveLength(MIGRATIONS.length);
    expect(await objectsOf(source)).toEqual(before);
  });
});

describe('a new store', () => {
  // Many times, since two seldom meet at the very switch to the write-ahead log.
  it('is opened by three at once, and each can write', async () => {
    for (let round = 0; round < 12; round += 1) {
      const store = newTestStore();
      // Node has four threads for all its files; who waits for SQLite's lock holds one of them.
      const opened = await Promise.all(upTo(3).map(() => OpenedStore.open(store)));
      await Promise.all(opened.map((each) => each.record()));
      expect(await opened[0]?.sequence()).toEqual(upTo(3));
      for (const each of opened) await each.close();
      await store.remove();
    }
  });

  it('is left as it was by a migration that fails, and is migrated by the next start', async () => {
    const store = newTestStore();
    const database = databaseOf(store);
    prepareFile(database);
    class Broken9999999999999 {
      name = 'Broken9999999999999';
      async up(runner: QueryRunner): Promise<void> {
        await runner.query('CREATE TABLE half_done (id TEXT)');
        throw new Error('deliberate');
      }
      down = (): Promise<void> => Promise.resolve();
    }
    const options = {
      ...dataSourceOptions(database, 'write'),
      migrations: [...MIGRATIONS, Broken9999999999999],
      logger: 'debug' as const,
    };
    const source = await new DataSource(options).initialize();
    await expect(new Store(database, source, source).open()).rejects.toThrow('deliberate');
    const names = ((await objectsOf(source)) as { name: string }[]).map((each) => each.name);
    expect(names).not.toContain('half_done');
    await source.destroy();
    const next = await OpenedStore.open(store);
    await next.record();
    await next.close();
    await store.remove();
  });
});
