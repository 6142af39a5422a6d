import type { MigrationInterface, QueryRunner } from 'typeorm';
import { appendOnly, dropAppendOnly } from './append-only.js';
import { columnTypes, execute } from './column-types.js';

/** The leaf hashes of 1,024 entries each with the root over them, which stay when the entries themselves are removed. */
export class CreateAuditSegments1795470000000 implements MigrationInterface {
  name = 'CreateAuditSegments1795470000000';

  async up(runner: QueryRunner): Promise<void> {
    const { dialect, int, bytes } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE audit_segments (
        segment ${int} PRIMARY KEY,
        root TEXT NOT NULL,
        leaf_hashes ${bytes} NOT NULL
      )`,
      ...appendOnly(dialect, 'audit_segments', 'segment'),
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, dropAppendOnly(columnTypes(runner).dialect, 'audit_segments'));
  }
}
