import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

const onPostgres = (change: string): string => `DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION %I.refuse_audit_change() ${change}', current_schema(), current_schema()); END $$`;

/**
 * On PostgreSQL the triggers of the log look for holds and for the mark in their own schema, whatever `search_path` the session has: else a
 * temporary table of the same name would stand before them.
 */
export class PinTriggerPath1795540000000 implements MigrationInterface {
  name = 'PinTriggerPath1795540000000';

  async up(runner: QueryRunner): Promise<void> {
    if (columnTypes(runner).dialect === 'sqlite') return;
    await execute(runner, [onPostgres('SET search_path TO %I, pg_temp')]);
  }

  async down(runner: QueryRunner): Promise<void> {
    if (columnTypes(runner).dialect === 'sqlite') return;
    await execute(runner, [onPostgres('RESET search_path')]);
  }
}
