import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** Which calls and which items of batches were answered before, and how. */
export class CreateIdempotency1795440000000 implements MigrationInterface {
  name = 'CreateIdempotency1795440000000';

  async up(runner: QueryRunner): Promise<void> {
    const { int } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE idempotency_keys (
        principal TEXT NOT NULL,
        route TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        status INTEGER NOT NULL,
        headers TEXT NOT NULL,
        body TEXT,
        created_at ${int} NOT NULL,
        PRIMARY KEY (principal, route, idempotency_key)
      )`,
      `CREATE TABLE idempotency_items (
        principal TEXT NOT NULL,
        route TEXT NOT NULL,
        event_id TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        item_id TEXT NOT NULL,
        created_at ${int} NOT NULL,
        PRIMARY KEY (principal, route, event_id)
      )`,
      'CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at)',
      'CREATE INDEX idempotency_items_created ON idempotency_items (created_at)',
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, ['DROP TABLE idempotency_items', 'DROP TABLE idempotency_keys']);
  }
}
