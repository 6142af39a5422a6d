import { setTimeout as wait } from 'node:timers/promises';
import type { Database } from 'sqlite3';
import type { DataSource } from 'typeorm';
import type { DatabaseUrl } from '#config';
import { BUSY_TIMEOUT_MS, type ConnectionUse } from './data-source-options.js';
import type { Dialect } from './sql.js';

/**
 * How a commit group begins. The lock is taken before anything is read: on SQLite the whole file's write lock,
 * on PostgreSQL the log head's row, which orders the commits of all instances.
 */
export const BEGIN: Readonly<Record<Dialect, readonly string[]>> = {
  sqlite: ['BEGIN IMMEDIATE'],
  postgres: [
    'BEGIN ISOLATION LEVEL READ COMMITTED',
    'SELECT id FROM agent_audit_head WHERE id = 1 FOR UPDATE',
  ],
};

const SQLITE_PRAGMAS: Readonly<Record<string, number | string>> = {
  journal_mode: 'wal',
  synchronous: 2,
  foreign_keys: 1,
  busy_timeout: BUSY_TIMEOUT_MS,
};

/**
 * Of the writing connection alone: what is written lies in many places of a large store, and a page that is written again
 * soon is better kept than read and moved into the file each time. But what is moved holds up writes, and the end. KiB below 0; pages of
 * the write-ahead log. What goes is overwritten, since texts are erased on demand.
 */
const WRITE_PRAGMAS = { cache_size: -32_768, wal_autocheckpoint: 2_000, secure_delete: 1 };

const SWITCH_PAUSE_MS = 10;

/** SQLSTATE of PostgreSQL. */
const INSUFFICIENT_PRIVILEGE = '42501';
const NOT_THE_OWNER =
  'The schema is not up to date, and this role of the database may not change it: migrate as its owner first.';

/** Sets what SQLite keeps per connection, and refuses to go on where a setting did not take. */
export async function configureConnection(source: DataSource, use: ConnectionUse): Promise<void> {
  if (source.options.type !== 'sqlite') return;
  // Not TypeORM's `enableWAL`, which switches on both connections at once, before either waits for a lock.
  if (use === 'write') await switchToWal(source);
  await source.query('PRAGMA synchronous = FULL');
  if (use === 'write')
    for (const [pragma, value] of Object.entries(WRITE_PRAGMAS))
      await source.query(`PRAGMA ${pragma} = ${value}`);
  for (const [pragma, expected] of Object.entries(SQLITE_PRAGMAS)) {
    const [row] = await source.query<Record<string, unknown>[]>(`PRAGMA ${pragma}`);
    const actual = row && Object.values(row)[0];
    if (actual !== expected)
      throw new Error(`SQLite pragma ${pragma} is ${String(actual)} and must be ${expected}`);
  }
  if (use === 'read') await source.query('PRAGMA query_only = ON');
}

/** Where several switch a new file at once, SQLite does not wait for a lock, but refuses at once those who came second. */
async function switchToWal(source: DataSource): Promise<void> {
  const deadline = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      await source.query('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'SQLITE_BUSY' || Date.now() > deadline) throw error;
      await wait(SWITCH_PAUSE_MS);
    }
  }
}

/** The driver's own handle below TypeORM's, of a SQLite data source. */
export function databaseOf(source: DataSource): Database {
  return (source.driver as unknown as { databaseConnection: Database }).databaseConnection;
}

/**
 * Moves what it can of the write-ahead log into the database file without waiting for anyone; the last connection
 * to close, of any process, moves the rest.
 */
export async function checkpoint(source: DataSource): Promise<void> {
  if (source.options.type === 'sqlite') await source.query('PRAGMA wal_checkpoint(PASSIVE)');
}

/** Runs the migrations that are due, while no other process migrates the same store. */
export function migrate(source: DataSource, database: DatabaseUrl): Promise<void> {
  return database.dialect === 'sqlite'
    ? migrateUnderFileLock(source)
    : migrateUnderAdvisoryLock(source, database.schema);
}

/** One transaction for all, whose write lock is taken before TypeORM looks for what is due. */
async function migrateUnderFileLock(source: DataSource): Promise<void> {
  await source.query('BEGIN IMMEDIATE');
  try {
    await source.runMigrations({ transaction: 'none' });
    await source.query('COMMIT');
  } catch (error) {
    await source.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function migrateUnderAdvisoryLock(source: DataSource, schema: string): Promise<void> {
  const runner = source.createQueryRunner();
  try {
    // Another instance's migrations may take longer than a row lock should.
    await runner.query('SET lock_timeout = 0');
    await runner.query('SELECT pg_advisory_lock(hashtext($1))', [`agent-reality-map:${schema}`]);
    // Whoever may not create one is refused even where it exists.
    const found = (await runner.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [
      schema,
    ])) as unknown[];
    if (found.length === 0) await runner.query(`CREATE SCHEMA ${schema}`);
    await source.runMigrations({ transaction: 'each' });
  } catch (error) {
    if ((error as { code?: unknown }).code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new Error(NOT_THE_OWNER, { cause: error });
  } finally {
    await runner.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
    await runner.query('RESET lock_timeout').catch(() => undefined);
    await runner.release();
  }
}
