import { expect } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { TEST_DIALECT } from './store.js';

/** All that stands in the tables of the store, as text. */
export async function storedText(raw: DataSource): Promise<string> {
  const sql =
    TEST_DIALECT === 'sqlite'
      ? "SELECT name FROM sqlite_master WHERE type = 'table'"
      : 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()';
  const tables = await raw.query<{ name: string }[]>(sql);
  expect(tables.length).toBeGreaterThan(10);
  const texts: string[] = [];
  for (const { name } of tables)
    for (const row of await raw.query<Record<string, unknown>[]>(`SELECT * FROM "${name}"`))
      for (const value of Object.values(row)) {
        if (Buffer.isBuffer(value)) texts.push(value.toString('latin1'));
        else if (value !== null) texts.push(typeof value === 'string' ? value : JSON.stringify(value));
      }
  return texts.join('\n');
}
