import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import pg from 'pg';
import sqlite3 from 'sqlite3';
import type { DataSourceOptions } from 'typeorm';
import type { DatabaseUrl } from '#config';

/** What a connection is for: the writer's own, or reading. */
export type ConnectionUse = 'write' | 'read';

const BUSY_TIMEOUT_MS = 5_000;
const { INT8, NUMERIC } = pg.types.builtins;

/** PostgreSQL sends 64-bit integers and sums as text; every amount here fits a double's 53 bits. */
const POSTGRES_TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: typeof INT8, format?: 'text' | 'binary'): unknown =>
    oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format),
};

/** TypeORM switches on the driver's long stack traces, which cost every statement an `Error`. */
const SQLITE_WITHOUT_TRACES = { ...sqlite3, verbose: () => sqlite3 };

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
      options: `-c search_path=${database.schema} -c synchronous_commit=on`,
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
