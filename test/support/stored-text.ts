import { expect } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { TEST_DIALECT } from './store.js';

/** Every value that stands in the tables of the store, as text, with `table.column`. */
async function* storedValues(raw: DataSource): AsyncGenerator<[place: string, text: string]> {
  const sql =
    TEST_DIALECT === 'sqlite'
      ? "SELECT name FROM sqlite_master WHERE type = 'table'"
      : `SELECT table_name AS name FROM information_schema.tables
         WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`;
  const tables = await raw.query<{ name: string }[]>(sql);
  expect(tables.length).toBeGreaterThan(10);
  for (const { name } of tables)
    for (const row of await raw.query<Record<string, unknown>[]>(`SELECT * FROM "${name}"`))
      for (const [column, value] of Object.entries(row)) {
        const place = `${name}.${column}`;
        if (Buffer.isBuffer(value)) yield [place, value.toString('latin1')];
        else if (value !== null) yield [place, typeof value === 'string' ? value : JSON.stringify(value)];
      }
}

/** All that stands in the tables of the store, as text. */
export async function storedText(raw: DataSource): Promise<string> {
  const texts: string[] = [];
  for await (const [, text] of storedValues(raw)) texts.push(text);
  return texts.join('\n');
}

/** The columns, `table.column`, in which a text stands; of the index of words `audit_text`. */
export async function placesOf(raw: DataSource, text: string): Promise<string[]> {
  const places = new Set<string>();
  for await (const [place, value] of storedValues(raw))
    if (value.includes(text)) places.add(place.startsWith('audit_text') ? 'audit_text' : place);
  return [...places].sort();
}
