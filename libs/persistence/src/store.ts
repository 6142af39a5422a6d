import type { DataSource, QueryRunner } from 'typeorm';
import type { DatabaseUrl } from '#config';
import { checkpoint, configureConnection, migrate } from './dialect.js';
import type { Dialect } from './sql.js';

/** The two sides of one database: the writer's connection and the readers'. */
export class Store {
  readonly dialect: Dialect;

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
  }

  /** A connection to write on; only the writer asks. */
  writeRunner(): QueryRunner {
    return this.writeSource.createQueryRunner();
  }

  async checkpoint(): Promise<void> {
    if (this.writeSource.isInitialized) await checkpoint(this.writeSource);
  }
}
