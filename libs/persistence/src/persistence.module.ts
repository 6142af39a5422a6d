import { type BeforeApplicationShutdown, type DynamicModule, Module } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { CONFIG, type Config, type DatabaseUrl } from '#config';
import { Clock, EventBus, SystemClock, TransactionRunner } from '#kernel';
import { type ConnectionUse, prepareFile } from './data-source-options.js';
import { PostCommitEventBus } from './post-commit-event-bus.js';
import { Reader } from './reader.js';
import { Store } from './store.js';
import { Writer } from './writer.js';

/** Builds TypeORM's options for a database and a use; the application passes the one definition. */
export type DataSourceDefinition = (database: DatabaseUrl, use: ConnectionUse) => DataSourceOptions;

const READ = 'read';

function dataSource(use: ConnectionUse, definition: DataSourceDefinition): DynamicModule {
  return TypeOrmModule.forRootAsync({
    ...(use === READ ? { name: READ } : {}),
    inject: [CONFIG],
    useFactory: (config: Config) => {
      prepareFile(config.database);
      return { ...definition(config.database, use), retryAttempts: 0 };
    },
  });
}

/** The store: data sources, the single writer, the reader, the post-commit event bus. */
@Module({})
export class PersistenceModule implements BeforeApplicationShutdown {
  constructor(
    private readonly store: Store,
    private readonly writer: Writer,
  ) {}

  static forRoot(definition: DataSourceDefinition): DynamicModule {
    return {
      module: PersistenceModule,
      global: true,
      imports: [dataSource('write', definition), dataSource('read', definition)],
      providers: [
        {
          provide: Store,
          inject: [CONFIG, getDataSourceToken(), getDataSourceToken(READ)],
          useFactory: async (config: Config, write: DataSource, read: DataSource) => {
            const store = new Store(config.database, write, read);
            // Providers of other modules may read as soon as they exist, so the schema comes first.
            await store.open();
            return store;
          },
        },
        {
          provide: Writer,
          inject: [Store, CONFIG],
          useFactory: (store: Store, { writeQueueMax }: Config) => new Writer(store, writeQueueMax),
        },
        { provide: TransactionRunner, useExisting: Writer },
        { provide: Reader, inject: [Store], useFactory: (store: Store) => new Reader(store) },
        { provide: EventBus, useClass: PostCommitEventBus },
        { provide: Clock, useClass: SystemClock },
      ],
      exports: [Store, TransactionRunner, Reader, EventBus, Clock],
    };
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.writer.close();
    await this.store.checkpoint();
  }
}
