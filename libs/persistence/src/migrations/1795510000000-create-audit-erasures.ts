import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

const ACTIVITY = `seq, audit_id AS activity_id, agent_id, agent_name, operation_type, operation_detail, rbac_decision,
  recorded_at, cost_micro, tokens_used`;
const ERASED = 'CASE WHEN text_salt IS NULL THEN 1 ELSE 0 END AS erased';

const activity = (columns: string): string =>
  `CREATE VIEW agent_activity AS SELECT ${columns} FROM agent_audit_log`;

/** Whose texts were erased, when, and which entry says by whom; without any text. And what shows it beside the log. */
export class CreateAuditErasures1795510000000 implements MigrationInterface {
  name = 'CreateAuditErasures1795510000000';

  async up(runner: QueryRunner): Promise<void> {
    const { int } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE audit_erasures (
        seq ${int} PRIMARY KEY,
        record_id TEXT NOT NULL,
        erased_at ${int} NOT NULL,
        copies TEXT NOT NULL,
        overwritten_at ${int}
      )`,
      'CREATE INDEX audit_erasures_left ON audit_erasures (seq) WHERE overwritten_at IS NULL',
      `ALTER TABLE approvals ADD COLUMN erased_at ${int}`,
      'DROP VIEW agent_activity',
      activity(`${ACTIVITY}, ${ERASED}`),
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      'DROP VIEW agent_activity',
      activity(ACTIVITY),
      'ALTER TABLE approvals DROP COLUMN erased_at',
      'DROP TABLE audit_erasures',
    ]);
  }
}
