import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/**
 * Sessions, what agents do in them, and which entries are theirs. No text of an entry but the session's id. The service
 * fills them from the log; `told_from` is where the log was by then, since silence that began before is no news.
 */
export class CreateFleet1795550000000 implements MigrationInterface {
  name = 'CreateFleet1795550000000';

  async up(runner: QueryRunner): Promise<void> {
    const { dialect, int, sum } = columnTypes(runner);
    const byKey = dialect === 'sqlite' ? ' WITHOUT ROWID' : '';
    await execute(runner, [
      `CREATE TABLE fleet_sessions (
        session_seq ${int} PRIMARY KEY,
        session_id TEXT NOT NULL UNIQUE,
        first_seen_at ${int} NOT NULL,
        last_seen_at ${int} NOT NULL,
        last_seq ${int} NOT NULL,
        operation_seq ${int},
        entries ${int} NOT NULL,
        cost_micro ${sum} NOT NULL,
        tokens_used ${sum} NOT NULL
      )`,
      'CREATE INDEX fleet_sessions_newest ON fleet_sessions (last_seq)',
      `CREATE TABLE fleet_activities (
        agent_id TEXT NOT NULL,
        session_seq ${int} NOT NULL,
        agent_name TEXT NOT NULL,
        agent_role TEXT NOT NULL,
        state ${int} NOT NULL,
        first_seen_at ${int} NOT NULL,
        started_seq ${int} NOT NULL,
        started_at ${int} NOT NULL,
        activated_at ${int},
        completed_at ${int},
        success ${int},
        seen_at ${int} NOT NULL,
        idle_since ${int},
        last_seq ${int} NOT NULL,
        operation_seq ${int},
        entries ${int} NOT NULL,
        cost_micro ${sum} NOT NULL,
        tokens_used ${sum} NOT NULL,
        entries_before ${int} NOT NULL,
        cost_micro_before ${sum} NOT NULL,
        tokens_used_before ${sum} NOT NULL,
        PRIMARY KEY (agent_id, session_seq)
      )${byKey}`,
      'CREATE INDEX fleet_activities_of_session ON fleet_activities (session_seq, last_seq)',
      'CREATE INDEX fleet_activities_newest ON fleet_activities (agent_id, last_seq)',
      'CREATE INDEX fleet_activities_going_on ON fleet_activities (started_seq) WHERE state > 0',
      'CREATE INDEX fleet_activities_of_agent ON fleet_activities (agent_id, started_seq) WHERE state > 0',
      `CREATE INDEX fleet_activities_activated ON fleet_activities (agent_id, started_seq)
        WHERE state > 0 AND activated_at IS NOT NULL`,
      'CREATE INDEX fleet_activities_watched ON fleet_activities (seen_at) WHERE state = 2',
      `CREATE TABLE fleet_entries (seq ${int} PRIMARY KEY, session_seq ${int} NOT NULL)`,
      'CREATE INDEX fleet_entries_of_session ON fleet_entries (session_seq, seq)',
      `CREATE TABLE fleet_watch (id SMALLINT PRIMARY KEY CHECK (id = 1), told_from ${int} NOT NULL)`,
      'INSERT INTO fleet_watch (id, told_from) SELECT 1, size FROM agent_audit_head WHERE id = 1',
      `INSERT INTO log_followers (name, seq) VALUES ('fleet', 0)`,
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      `DELETE FROM log_followers WHERE name = 'fleet'`,
      'DROP TABLE fleet_watch',
      'DROP TABLE fleet_entries',
      'DROP TABLE fleet_activities',
      'DROP TABLE fleet_sessions',
    ]);
  }
}
