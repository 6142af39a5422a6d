import type { MigrationInterface, QueryRunner } from 'typeorm';
import { execute } from './column-types.js';

/** What the log is filtered by and had no index for: a rare role, kind of target or trace cost a walk over all of it. */
export class IndexLogFilters1795570000000 implements MigrationInterface {
  name = 'IndexLogFilters1795570000000';

  async up(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      'CREATE INDEX agent_audit_log_role ON agent_audit_log (agent_role, seq)',
      'CREATE INDEX agent_audit_log_target_type ON agent_audit_log (target_type, seq) WHERE target_type IS NOT NULL',
      'CREATE INDEX agent_audit_log_trace ON agent_audit_log (trace_id, seq)',
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      'DROP INDEX agent_audit_log_trace',
      'DROP INDEX agent_audit_log_target_type',
      'DROP INDEX agent_audit_log_role',
    ]);
  }
}
