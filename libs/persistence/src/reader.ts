import type { EntityTarget, ObjectLiteral, Repository } from 'typeorm';
import { placeholders, type Queryable } from './sql.js';
import { toStoreError } from './store-errors.js';
import type { Store } from './store.js';

/** Reads committed data beside the writer, on connections that cannot write. */
export class Reader implements Queryable {
  constructor(private readonly store: Store) {}

  get dialect() {
    return this.store.dialect;
  }

  /** @throws StoreUnavailable when the database does not answer. */
  async query<Row = unknown>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    try {
      const text = placeholders(this.store.dialect, sql);
      return await this.store.readSource.query<Row[]>(text, [...parameters]);
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /** TypeORM's repository on a reading connection; for repositories only. */
  repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Repository<Entity> {
    return this.store.readSource.getRepository(entity);
  }
}
