import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** What was alerted to and when, how far the log has been judged, and what is counted and listed of the log for it. */
export class CreateAlerts1795560000000 implements MigrationInterface {
  name = 'CreateAlerts1795560000000';

  async up(runner: QueryRunner): Promise<void> {
    const { dialect, int } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE alerts_raised (
        rule_id TEXT NOT NULL,
        subject TEXT NOT NULL,
        raised_at ${int} NOT NULL,
        PRIMARY KEY (rule_id, subject)
      )${dialect === 'sqlite' ? ' WITHOUT ROWID' : ''}`,
      `CREATE TABLE alert_progress (id SMALLINT PRIMARY KEY CHECK (id = 1), seq ${int} NOT NULL)`,
      // What happened before there were rules is not alerted to.
      'INSERT INTO alert_progress (id, seq) SELECT 1, size FROM agent_audit_head WHERE id = 1',
      // None of these takes in what clients report, so that most entries do not come to them.
      `CREATE INDEX agent_audit_log_denials ON agent_audit_log (agent_id, recorded_at, seq)
        WHERE source = 'decided' AND rbac_decision = 'denied'`,
      `CREATE INDEX agent_audit_log_completions ON agent_audit_log (agent_id, recorded_at, seq)
        WHERE source = 'decided' AND operation_type = 'agent.complete'`,
      `CREATE INDEX agent_audit_log_alerts ON agent_audit_log (source, seq)
        WHERE source = 'decided' AND substr(operation_type, 1, 6) = 'alert.'`,
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      'DROP INDEX agent_audit_log_alerts',
      'DROP INDEX agent_audit_log_completions',
      'DROP INDEX agent_audit_log_denials',
      'DROP TABLE alert_progress',
      'DROP TABLE alerts_raised',
    ]);
  }
}
