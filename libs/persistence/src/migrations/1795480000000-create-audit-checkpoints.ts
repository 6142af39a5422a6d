import type { MigrationInterface, QueryRunner } from 'typeorm';
import { appendOnly, dropAppendOnly } from './append-only.js';
import { columnTypes, execute } from './column-types.js';

/** What the service has signed about its log, and the keys that it has signed with. */
export class CreateAuditCheckpoints1795480000000 implements MigrationInterface {
  name = 'CreateAuditCheckpoints1795480000000';

  async up(runner: QueryRunner): Promise<void> {
    const { dialect, int } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE audit_checkpoints (
        number ${int} PRIMARY KEY,
        origin TEXT NOT NULL,
        size ${int} NOT NULL,
        root TEXT NOT NULL,
        note TEXT NOT NULL,
        issued_at ${int} NOT NULL
      )`,
      ...appendOnly(dialect, 'audit_checkpoints', 'number'),
      `CREATE TABLE audit_keys (
        public_key TEXT PRIMARY KEY,
        first_used_at ${int} NOT NULL
      )`,
      ...appendOnly(dialect, 'audit_keys', 'public_key'),
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    const { dialect } = columnTypes(runner);
    await execute(runner, [
      ...dropAppendOnly(dialect, 'audit_keys'),
      ...dropAppendOnly(dialect, 'audit_checkpoints'),
    ]);
  }
}
