import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import pg from 'pg';
import sqlite3 from 'sqlite3';
import type { DataSourceOptions } from 'typeorm';
import type { DatabaseUrl } from '#config';

/** What a connection is for: the writer's own, or reading. */
export type ConnectionUse = 'write' | 'read';

/** How long a connection waits for a lock that another holds. */
export const BUSY_TIMEOUT_MS = 5_000;
const { INT8, NUMERIC } = pg.types.builtins;

/** PostgreSQL sends 64-bit integers and sums as text; every amount here fits a double's 53 bits. */
const POSTGRES_TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: typeof INT8, format?: 'text' | 'binary'): unknown =>
    oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format),
};

/** TypeORM switches on the driver's long stack traces, which cost every statement an `Error`. */
const SQLITE_WITHOUT_TRACES = { ...sqlite3, verbose: () => sqlite3 };

/**
 * Nothing waits without end: not for the lock of an instance that hangs, whose own transaction is ended too, and
 * not for an answer from a server that is gone.
 */
const QUERY_TIMEOUT_MS = 60_000;
const POSTGRES_SETTINGS: Readonly<Record<ConnectionUse, Readonly<Record<string, string>>>> = {
  write: { synchronous_commit: 'on', lock_timeout: '5s', idle_in_transaction_session_timeout: '10s' },
  read: { default_transaction_read_only: 'on', statement_timeout: '30s' },
};

function settings(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/** TypeORM's options for a store; entities and migrations are the caller's to add. */
export function connectionOptions(database: DatabaseUrl, use: ConnectionUse): DataSourceOptions {
  if (database.dialect === 'sqlite') {
    return {
      type: 'sqlite',
      database: database.file,
      busyTimeout: BUSY_TIMEOUT_MS,
      driver: SQLITE_WITHOUT_TRACES,
    };
  }
  return {
    type: 'postgres',
    url: database.url,
    poolSize: use === 'write' ? 2 : 8,
    connectTimeoutMS: BUSY_TIMEOUT_MS,
    applicationName: `agent-reality-map ${use}`,
    installExtensions: false,
    extra: {
      types: POSTGRES_TYPES,
      keepAlive: true,
      query_timeout: QUERY_TIMEOUT_MS,
      options: settings({ search_path: database.schema, ...POSTGRES_SETTINGS[use] }),
    },
  };
}

/** Makes the database file and its folder where they are missing, readable by their owner alone. */
export function prepareFile(database: DatabaseUrl): void {
  if (database.dialect !== 'sqlite') return;
  mkdirSync(dirname(database.file), { recursive: true, mode: 0o700 });
  closeSync(openSync(database.file, 'a', 0o600));
  chmodSync(database.file, 0o600);
}
