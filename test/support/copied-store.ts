import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { databaseOf, OpenedStore, openRaw } from './opened-store.js';
import { newTestStore, TEST_DIALECT, type TestStore } from './store.js';

const TABLES = ['agent_audit_log', 'agent_audit_head', 'audit_segments', 'audit_checkpoints', 'audit_keys'];

/** What the log and what is kept about it are now, in a store of its own that its owner may change at will. */
export async function copyOf(store: TestStore): Promise<TestStore> {
  const copy = newTestStore();
  const source = await openRaw(store);
  try {
    if (TEST_DIALECT === 'sqlite') await source.query(`VACUUM INTO '${join(copy.folder, 'store.sqlite')}'`);
    else await copySchema(source, store, copy);
  } finally {
    await source.destroy();
  }
  const raw = await openRaw(copy);
  await dropTriggers(raw);
  await raw.destroy();
  return copy;
}

async function copySchema(source: DataSource, store: TestStore, copy: TestStore): Promise<void> {
  await (await OpenedStore.open(copy)).close();
  const raw = await openRaw(copy);
  await dropTriggers(raw);
  await raw.destroy();
  const [from, to] = [store, copy].map((each) => {
    const database = databaseOf(each);
    return database.dialect === 'postgres' ? database.schema : '';
  });
  for (const table of TABLES) {
    await source.query(`DELETE FROM ${to}.${table}`);
    const columns: { name: string }[] = await source.query(
      'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2',
      [from, table],
    );
    const names = columns.map(({ name }) => name).join(', ');
    await source.query(`INSERT INTO ${to}.${table} (${names}) SELECT ${names} FROM ${from}.${table}`);
  }
}

/** As whoever owns the schema can. */
async function dropTriggers(raw: DataSource): Promise<void> {
  if (TEST_DIALECT === 'sqlite') {
    const triggers: { name: string }[] = await raw.query(
      "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    );
    for (const { name } of triggers) await raw.query(`DROP TRIGGER ${name}`);
    return;
  }
  const triggers: { name: string; table: string }[] = await raw.query(
    `SELECT tgname AS name, relname AS table FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
     JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE nspname = current_schema() AND NOT tgisinternal`,
  );
  for (const { name, table } of triggers) await raw.query(`DROP TRIGGER ${name} ON ${table}`);
}
