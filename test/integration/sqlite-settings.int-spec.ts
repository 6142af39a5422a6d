import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { databaseOf, OpenedStore } from '../support/opened-store.js';
import { newTestStore, TEST_DIALECT } from '../support/store.js';

(TEST_DIALECT === 'sqlite' ? describe : describe.skip)('a SQLite store', () => {
  const store = newTestStore();
  let opened: OpenedStore;
  beforeAll(async () => {
    opened = await OpenedStore.open(store);
    await opened.record();
  });
  afterAll(async () => {
    await opened.close();
    await store.remove();
  });

  const settings: [string, string | number][] = [
    ['journal_mode', 'wal'],
    ['synchronous', 2],
    ['foreign_keys', 1],
    ['busy_timeout', 5000],
  ];

  it.each([...settings, ['query_only', 0], ['secure_delete', 1]])(
    'writes with %s = %s',
    async (pragma, expected) => {
      const [row] = await opened.sources[0].query<Record<string, unknown>[]>(`PRAGMA ${pragma}`);
      expect(Object.values(row ?? {})).toEqual([expected]);
    },
  );

  it.each([...settings, ['query_only', 1]])('reads with %s = %s', async (pragma, expected) => {
    const [row] = await opened.sources[1].query<Record<string, unknown>[]>(`PRAGMA ${pragma}`);
    expect(Object.values(row ?? {})).toEqual([expected]);
  });

  it('refuses writes on the reading connection', async () => {
    await expect(opened.sources[1].query('DELETE FROM api_keys')).rejects.toThrow('readonly');
  });

  it('enforces foreign keys', async () => {
    const orphan = "INSERT INTO agent_totals VALUES ('nobody', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)";
    await expect(opened.sources[0].query(orphan)).rejects.toThrow('FOREIGN KEY');
  });

  it.each(['', '-wal', '-shm'])('keeps its file%s from other users', (suffix) => {
    const database = databaseOf(store);
    if (database.dialect !== 'sqlite') throw new Error('not a file');
    expect((statSync(database.file + suffix).mode & 0o777).toString(8)).toBe('600');
  });
});
