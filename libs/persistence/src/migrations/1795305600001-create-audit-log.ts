import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

const REFUSAL = 'agent_audit_log is append-only';

/** The one log, its head, the triggers that keep it append-only, and its view for the activity module. */
export class CreateAuditLog1795305600001 implements MigrationInterface {
  name = 'CreateAuditLog1795305600001';

  async up(runner: QueryRunner): Promise<void> {
    const { dialect, int } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE agent_audit_log (
        seq ${int} PRIMARY KEY,
        audit_id TEXT NOT NULL,
        agent_id TEXT NOT NULL,
        agent_name TEXT NOT NULL,
        agent_role TEXT NOT NULL,
        operation_type TEXT NOT NULL,
        operation_detail TEXT,
        target_resource TEXT,
        target_type TEXT,
        rbac_decision TEXT NOT NULL,
        rbac_reason TEXT,
        cost_micro ${int},
        tokens_used ${int},
        context TEXT,
        recorded_at ${int} NOT NULL,
        source TEXT NOT NULL,
        principal_id TEXT NOT NULL,
        principal_kind TEXT NOT NULL,
        principal_role TEXT NOT NULL,
        route TEXT,
        outcome TEXT,
        trace_id TEXT NOT NULL,
        text_salt TEXT,
        text_hash TEXT NOT NULL,
        leaf_hash TEXT NOT NULL
      )`,
      `CREATE UNIQUE INDEX agent_audit_log_id ON agent_audit_log (audit_id)`,
      `CREATE INDEX agent_audit_log_agent ON agent_audit_log (agent_id, seq)`,
      `CREATE INDEX agent_audit_log_operation ON agent_audit_log (operation_type, seq)`,
      `CREATE INDEX agent_audit_log_decision ON agent_audit_log (rbac_decision, seq)`,
      `CREATE TABLE agent_audit_head (
        id SMALLINT PRIMARY KEY CHECK (id = 1),
        log_id TEXT NOT NULL,
        size ${int} NOT NULL,
        frontier TEXT NOT NULL
      )`,
      `INSERT INTO agent_audit_head (id, log_id, size, frontier) VALUES (1, ${randomHex(dialect)}, 0, '')`,
      ...appendOnly(dialect),
      `CREATE VIEW agent_activity AS
        SELECT seq, audit_id AS activity_id, agent_id, agent_name, operation_type, operation_detail, rbac_decision,
               recorded_at, cost_micro, tokens_used
        FROM agent_audit_log`,
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    const { dialect } = columnTypes(runner);
    await execute(runner, [
      'DROP VIEW agent_activity',
      'DROP TABLE agent_audit_log',
      'DROP TABLE agent_audit_head',
    ]);
    if (dialect === 'postgres') await runner.query('DROP FUNCTION refuse_audit_change()');
  }
}

function randomHex(dialect: 'sqlite' | 'postgres'): string {
  return dialect === 'sqlite' ? 'lower(hex(randomblob(16)))' : "replace(gen_random_uuid()::text, '-', '')";
}

function appendOnly(dialect: 'sqlite' | 'postgres'): string[] {
  if (dialect === 'sqlite') {
    const refuse = `BEGIN SELECT RAISE(ABORT, '${REFUSAL}'); END`;
    return [
      `CREATE TRIGGER agent_audit_log_update BEFORE UPDATE ON agent_audit_log ${refuse}`,
      `CREATE TRIGGER agent_audit_log_delete BEFORE DELETE ON agent_audit_log ${refuse}`,
      // INSERT OR REPLACE removes the old row without firing the delete trigger.
      `CREATE TRIGGER agent_audit_log_replace BEFORE INSERT ON agent_audit_log
        WHEN EXISTS (SELECT 1 FROM agent_audit_log WHERE seq = NEW.seq)
          OR EXISTS (SELECT 1 FROM agent_audit_log WHERE audit_id = NEW.audit_id) ${refuse}`,
    ];
  }
  return [
    `CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION '${REFUSAL}'; END $$`,
    `CREATE TRIGGER agent_audit_log_change BEFORE UPDATE OR DELETE ON agent_audit_log
      FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()`,
    `CREATE TRIGGER agent_audit_log_truncate BEFORE TRUNCATE ON agent_audit_log
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()`,
    `ALTER TABLE agent_audit_log ENABLE ALWAYS TRIGGER agent_audit_log_change`,
    `ALTER TABLE agent_audit_log ENABLE ALWAYS TRIGGER agent_audit_log_truncate`,
  ];
}
