import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** Where the log is delivered to, how far that came, and what could not be delivered. */
export class CreateAuditSinks1795520000000 implements MigrationInterface {
  name = 'CreateAuditSinks1795520000000';

  async up(runner: QueryRunner): Promise<void> {
    const { int } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE audit_sinks (
        sink_id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        target TEXT NOT NULL,
        filter TEXT NOT NULL,
        state TEXT NOT NULL,
        delivered_to ${int} NOT NULL,
        pending_to ${int},
        failures ${int} NOT NULL,
        failing_since ${int},
        next_attempt_at ${int} NOT NULL,
        last_error TEXT,
        dead_in_row ${int} NOT NULL,
        last_delivered_at ${int},
        secret_version ${int} NOT NULL,
        secret_hash TEXT,
        previous_until ${int},
        lease_owner TEXT,
        lease_until ${int} NOT NULL,
        created_by TEXT NOT NULL,
        created_at ${int} NOT NULL
      )`,
      'CREATE INDEX audit_sinks_created ON audit_sinks (created_at, sink_id)',
      `CREATE TABLE audit_dead_letters (
        dead_letter_id TEXT PRIMARY KEY,
        sink_id TEXT NOT NULL REFERENCES audit_sinks (sink_id) ON DELETE CASCADE,
        from_seq ${int} NOT NULL,
        to_seq ${int} NOT NULL,
        cause TEXT NOT NULL,
        reason TEXT NOT NULL,
        attempts ${int} NOT NULL,
        dead_at ${int} NOT NULL,
        queued_at ${int}
      )`,
      'CREATE INDEX audit_dead_letters_of_sink ON audit_dead_letters (sink_id, dead_at, dead_letter_id)',
      'CREATE INDEX audit_dead_letters_queued ON audit_dead_letters (sink_id, queued_at) WHERE queued_at IS NOT NULL',
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, ['DROP TABLE audit_dead_letters', 'DROP TABLE audit_sinks']);
  }
}
