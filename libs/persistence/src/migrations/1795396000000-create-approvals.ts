import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** What somebody was asked to approve, and what became of it. */
export class CreateApprovals1795396000000 implements MigrationInterface {
  name = 'CreateApprovals1795396000000';

  async up(runner: QueryRunner): Promise<void> {
    const { int } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE approvals (
        approval_id TEXT PRIMARY KEY,
        request_hash TEXT NOT NULL,
        status TEXT NOT NULL,
        agent_id TEXT NOT NULL,
        agent_name TEXT NOT NULL,
        agent_role TEXT NOT NULL,
        requester_id TEXT NOT NULL,
        requester_kind TEXT NOT NULL,
        tool_name TEXT NOT NULL,
        tool_input TEXT NOT NULL,
        operation TEXT,
        root TEXT,
        cwd TEXT,
        session_id TEXT,
        rule TEXT NOT NULL,
        reason TEXT NOT NULL,
        approvers TEXT NOT NULL,
        requested_at ${int} NOT NULL,
        expires_at ${int} NOT NULL,
        decided_at ${int},
        decided_by TEXT,
        comment TEXT,
        spent_at ${int}
      )`,
      `CREATE INDEX approvals_hash ON approvals (request_hash, requested_at)`,
      `CREATE INDEX approvals_status ON approvals (status, requested_at)`,
      `CREATE INDEX approvals_agent ON approvals (agent_id, requested_at)`,
      // Two askers at once share one approval.
      `CREATE UNIQUE INDEX approvals_pending ON approvals (request_hash) WHERE status = 'pending'`,
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE approvals');
  }
}
