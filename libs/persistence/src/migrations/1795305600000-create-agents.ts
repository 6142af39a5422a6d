import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** The registry, and each agent's life-long totals, which the metrics' transactions keep. */
export class CreateAgents1795305600000 implements MigrationInterface {
  name = 'CreateAgents1795305600000';

  async up(runner: QueryRunner): Promise<void> {
    const { int, sum, real } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE agent_identities (
        agent_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        role_confidence ${real} NOT NULL,
        role_reasoning TEXT,
        capabilities TEXT NOT NULL,
        rbac_allowed_tools TEXT,
        rbac_denied_tools TEXT,
        rbac_path_scopes TEXT,
        rbac_api_access TEXT,
        rbac_requires_approval SMALLINT NOT NULL,
        rbac_approval_threshold ${int} NOT NULL,
        budget_max_tokens_per_session ${int},
        budget_max_cost_per_day ${int},
        metadata_category TEXT NOT NULL,
        metadata_specialist SMALLINT NOT NULL,
        metadata_version TEXT NOT NULL,
        metadata_tags TEXT NOT NULL,
        origin TEXT NOT NULL,
        trusted SMALLINT NOT NULL,
        version ${int} NOT NULL,
        created_at ${int} NOT NULL,
        updated_at ${int} NOT NULL,
        last_active_at ${int},
        retired_at ${int}
      )`,
      // A name is free again once its holder is retired.
      `CREATE UNIQUE INDEX agent_identities_live_name ON agent_identities (name) WHERE retired_at IS NULL`,
      `CREATE TABLE agent_totals (
        agent_id TEXT PRIMARY KEY REFERENCES agent_identities (agent_id),
        metrics ${sum} NOT NULL,
        succeeded ${sum} NOT NULL,
        failed ${sum} NOT NULL,
        execution_time_us ${sum} NOT NULL,
        execution_time_rows ${sum} NOT NULL,
        quality_nano ${sum} NOT NULL,
        quality_rows ${sum} NOT NULL,
        cost_micro ${sum} NOT NULL,
        tokens_used ${sum} NOT NULL,
        tasks_completed ${sum} NOT NULL,
        tasks_failed ${sum} NOT NULL
      )`,
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, ['DROP TABLE agent_totals', 'DROP TABLE agent_identities']);
  }
}
