import 'reflect-metadata';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { AgentEntity } from '#agents';
import { LedgerEntryEntity, ReservationEntity, UsageEntity } from '#budget';
import { type DatabaseUrl, parseDatabaseUrl } from '#config';
import { AgentTotalsEntity, MetricEntity } from '#metrics';
import { type ConnectionUse, connectionOptions, MIGRATIONS } from '#persistence';
import { ApiKeyEntity } from '#rbac';

const DEFAULT_URL = 'sqlite:./var/agent-map.sqlite';

/** The one definition of this store's data sources: the service, the CLI, the tests and TypeORM's own CLI use it. */
export function dataSourceOptions(database: DatabaseUrl, use: ConnectionUse): DataSourceOptions {
  return {
    ...connectionOptions(database, use),
    entities: [
      AgentEntity,
      AgentTotalsEntity,
      MetricEntity,
      LedgerEntryEntity,
      UsageEntity,
      ReservationEntity,
      ApiKeyEntity,
    ],
    migrations: MIGRATIONS,
    synchronize: false,
    logging: false,
  };
}

/** For TypeORM's CLI: `npx typeorm migration:show -d dist/ormconfig.js`. */
export default new DataSource(dataSourceOptions(databaseOf(process.env['DATABASE_URL']), 'write'));

function databaseOf(url: string | undefined): DatabaseUrl {
  const database = parseDatabaseUrl(url || DEFAULT_URL);
  // The service names a bad URL among its other settings; importing this file must not come before that.
  return (
    database ?? {
      dialect: 'postgres',
      url: 'postgres://invalid.invalid/DATABASE_URL-is-not-valid',
      schema: 'public',
    }
  );
}
