import type { QueryRunner } from 'typeorm';

/** The few column types this schema uses, in the words of the database at hand. */
export interface ColumnTypes {
  readonly dialect: 'sqlite' | 'postgres';
  /** 64-bit integer. SQLite binds numbers above 32 bits as REAL; the column's integer affinity brings them back. */
  readonly int: string;
  /** A running sum that must never overflow. */
  readonly sum: string;
  readonly real: string;
  readonly bytes: string;
}

export function columnTypes(runner: QueryRunner): ColumnTypes {
  return runner.connection.options.type === 'sqlite'
    ? { dialect: 'sqlite', int: 'INTEGER', sum: 'INTEGER', real: 'REAL', bytes: 'BLOB' }
    : { dialect: 'postgres', int: 'BIGINT', sum: 'NUMERIC', real: 'DOUBLE PRECISION', bytes: 'BYTEA' };
}

/** Runs statements one after another. */
export async function execute(runner: QueryRunner, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await runner.query(statement);
}
