import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

const REFUSAL = 'audit_segments is append-only';

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
      ...appendOnly(dialect),
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    const { dialect } = columnTypes(runner);
    await runner.query('DROP TABLE audit_segments');
    if (dialect === 'postgres') await runner.query('DROP FUNCTION refuse_segment_change()');
  }
}

function appendOnly(dialect: 'sqlite' | 'postgres'): string[] {
  if (dialect === 'sqlite') {
    const refuse = `BEGIN SELECT RAISE(ABORT, '${REFUSAL}'); END`;
    return [
      `CREATE TRIGGER audit_segments_update BEFORE UPDATE ON audit_segments ${refuse}`,
      `CREATE TRIGGER audit_segments_delete BEFORE DELETE ON audit_segments ${refuse}`,
      // INSERT OR REPLACE removes the old row without firing the delete trigger.
      `CREATE TRIGGER audit_segments_replace BEFORE INSERT ON audit_segments
        WHEN EXISTS (SELECT 1 FROM audit_segments WHERE segment = NEW.segment) ${refuse}`,
    ];
  }
  return [
    `CREATE FUNCTION refuse_segment_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION '${REFUSAL}'; END $$`,
    `CREATE TRIGGER audit_segments_change BEFORE UPDATE OR DELETE ON audit_segments
      FOR EACH ROW EXECUTE FUNCTION refuse_segment_change()`,
    `CREATE TRIGGER audit_segments_truncate BEFORE TRUNCATE ON audit_segments
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_segment_change()`,
    `ALTER TABLE audit_segments ENABLE ALWAYS TRIGGER audit_segments_change`,
    `ALTER TABLE audit_segments ENABLE ALWAYS TRIGGER audit_segments_truncate`,
  ];
}
