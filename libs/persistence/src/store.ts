import type { DataSource, QueryRunner } from 'typeorm';
import type { DatabaseUrl } from '#config';
import { checkpoint, configureConnection, databaseOf, migrate } from './dialect.js';
import { emptyWal } from './empty-wal.js';
import { PreparedStatements } from './prepared-statements.js';
import { type Dialect, placeholders } from './sql.js';

/** Runs one statement, its placeholders `?`, on the writing connection. */
export type Execute = <Row>(sql: string, parameters?: readonly unknown[]) => Promise<Row[]>;

/** The writing connection, for SQL and for TypeORM's manager. */
export interface WriteConnection {
  readonly dialect: Dialect;
  readonly runner: QueryRunner;
  readonly execute: Execute;
}

/** The two sides of one database: the writer's connection and the readers'. */
export class Store {
  readonly dialect: Dialect;
  private prepared: PreparedStatements | null = null;
  private preparedReads: PreparedStatements | null = null;

  constructor(
    private readonly database: DatabaseUrl,
    private readonly writeSource: DataSource,
    readonly readSource: DataSource,
  ) {
    this.dialect = database.dialect;
  }

  /** Configures the connections and brings the schema up to date. */
  async open(): Promise<void> {
    await configureConnection(this.writeSource, 'write');
    await migrate(this.writeSource, this.database);
    await configureConnection(this.readSource, 'read');
    if (this.dialect === 'postgres') return;
    this.prepared = new PreparedStatements(databaseOf(this.writeSource));
    this.preparedReads = new PreparedStatements(databaseOf(this.readSource));
  }

  /** A connection to write on; only the writer asks. */
  writeConnection(): WriteConnection {
    const runner = this.writeSource.createQueryRunner();
    const { prepared } = this;
    return {
      dialect: this.dialect,
      runner,
      execute: (sql, parameters = []) =>
        prepared
          ? prepared.run(sql, parameters)
          : runner.query(placeholders(this.dialect, sql), [...parameters]),
    };
  }

  /** Runs one statement, its placeholders `?`, beside the writer. */
  read<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    if (this.preparedReads) return this.preparedReads.run(sql, parameters);
    return this.readSource.query<Row[]>(placeholders(this.dialect, sql), [...parameters]);
  }

  /** Lets go of what keeps the connections from being closed. */
  async release(): Promise<void> {
    const prepared = [this.prepared, this.preparedReads];
    this.prepared = null;
    this.preparedReads = null;
    for (const statements of prepared) await statements?.release();
  }

  /**
   * Moves all of the write-ahead log into the file and empties it, so that nothing of what was overwritten is left there.
   * @returns false while somebody reads or writes; nobody waits for it.
   */
  async emptyWal(): Promise<boolean> {
    return this.database.dialect === 'postgres' || emptyWal(this.database.file);
  }

  async checkpoint(): Promise<void> {
    if (this.writeSource.isInitialized) await checkpoint(this.writeSource);
  }
}
