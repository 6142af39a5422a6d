import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** API keys: the SHA-256 of each, never the key. */
export class CreateApiKeys1795305600004 implements MigrationInterface {
  name = 'CreateApiKeys1795305600004';

  async up(runner: QueryRunner): Promise<void> {
    const { int } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE api_keys (
        key_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        role TEXT NOT NULL,
        agent_id TEXT REFERENCES agent_identities (agent_id),
        hash TEXT NOT NULL,
        prefix TEXT NOT NULL,
        networks TEXT,
        created_at ${int} NOT NULL,
        created_by TEXT NOT NULL,
        expires_at ${int},
        revoked_at ${int},
        last_used_at ${int}
      )`,
      `CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash)`,
      `CREATE INDEX api_keys_agent ON api_keys (agent_id)`,
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE api_keys');
  }
}
