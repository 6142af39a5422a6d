import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** Policies that have decided, the roots of sessions, and secrets of the service that belong to the store. */
export class CreateDecisions1795395600000 implements MigrationInterface {
  name = 'CreateDecisions1795395600000';

  async up(runner: QueryRunner): Promise<void> {
    const { int } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE policy_versions (
        version TEXT PRIMARY KEY,
        document TEXT NOT NULL,
        loaded_at ${int} NOT NULL,
        loaded_by TEXT NOT NULL
      )`,
      `CREATE TABLE session_roots (
        session_key TEXT PRIMARY KEY,
        root TEXT NOT NULL,
        created_at ${int} NOT NULL
      )`,
      `CREATE TABLE service_secrets (
        name TEXT PRIMARY KEY,
        secret TEXT NOT NULL,
        created_at ${int} NOT NULL
      )`,
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      'DROP TABLE service_secrets',
      'DROP TABLE session_roots',
      'DROP TABLE policy_versions',
    ]);
  }
}
