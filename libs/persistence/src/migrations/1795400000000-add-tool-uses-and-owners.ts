import type { MigrationInterface, QueryRunner } from 'typeorm';
import { execute } from './column-types.js';

/** Which tool use an entry is about, so that a report finds its decision, and whose a key is. */
export class AddToolUsesAndOwners1795400000000 implements MigrationInterface {
  name = 'AddToolUsesAndOwners1795400000000';

  async up(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      'ALTER TABLE agent_audit_log ADD COLUMN tool_use_id TEXT',
      `CREATE INDEX agent_audit_log_tool_use ON agent_audit_log (tool_use_id, seq) WHERE tool_use_id IS NOT NULL`,
      'ALTER TABLE api_keys ADD COLUMN owner TEXT',
      'ALTER TABLE approvals ADD COLUMN requester_owner TEXT',
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      'DROP INDEX agent_audit_log_tool_use',
      'ALTER TABLE agent_audit_log DROP COLUMN tool_use_id',
      'ALTER TABLE api_keys DROP COLUMN owner',
      'ALTER TABLE approvals DROP COLUMN requester_owner',
    ]);
  }
}
