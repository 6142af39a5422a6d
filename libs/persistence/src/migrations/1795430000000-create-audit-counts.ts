import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** The log counted by day and by all time, and how far it has been. */
export class CreateAuditCounts1795430000000 implements MigrationInterface {
  name = 'CreateAuditCounts1795430000000';

  async up(runner: QueryRunner): Promise<void> {
    const { dialect, int } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE audit_counts (
        scope TEXT NOT NULL,
        day ${int} NOT NULL,
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        entries ${int} NOT NULL,
        PRIMARY KEY (scope, day, kind, value)
      )${dialect === 'sqlite' ? ' WITHOUT ROWID' : ''}`,
      `CREATE TABLE log_followers (name TEXT PRIMARY KEY, seq ${int} NOT NULL)`,
      `INSERT INTO log_followers (name, seq) VALUES ('counts', 0)`,
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, ['DROP TABLE log_followers', 'DROP TABLE audit_counts']);
  }
}
