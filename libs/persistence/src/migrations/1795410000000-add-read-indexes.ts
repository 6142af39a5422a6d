import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** What lists need to be read in their order, from any place on, without sorting. */
export class AddReadIndexes1795410000000 implements MigrationInterface {
  name = 'AddReadIndexes1795410000000';

  async up(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      'DROP INDEX approvals_status',
      'DROP INDEX approvals_agent',
      'CREATE INDEX approvals_status ON approvals (status, requested_at, approval_id)',
      'CREATE INDEX approvals_agent ON approvals (agent_id, requested_at, approval_id)',
      'CREATE INDEX approvals_requested ON approvals (requested_at, approval_id)',
      'CREATE INDEX api_keys_created ON api_keys (created_at, key_id)',
      'CREATE INDEX policy_versions_loaded ON policy_versions (loaded_at, version)',
    ]);
    // There the unique index sorts names as the database's locale has it, and lists go by code point.
    if (columnTypes(runner).dialect === 'postgres') {
      await runner.query(
        `CREATE INDEX agent_identities_by_name ON agent_identities (name COLLATE "C") WHERE retired_at IS NULL`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    if (columnTypes(runner).dialect === 'postgres') await runner.query('DROP INDEX agent_identities_by_name');
    await execute(runner, [
      'DROP INDEX policy_versions_loaded',
      'DROP INDEX api_keys_created',
      'DROP INDEX approvals_requested',
      'DROP INDEX approvals_agent',
      'DROP INDEX approvals_status',
      'CREATE INDEX approvals_agent ON approvals (agent_id, requested_at)',
      'CREATE INDEX approvals_status ON approvals (status, requested_at)',
    ]);
  }
}
