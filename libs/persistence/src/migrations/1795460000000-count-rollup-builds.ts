import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** How often the sums of metrics were counted anew, so that a service notices what a command beside it did. */
export class CountRollupBuilds1795460000000 implements MigrationInterface {
  name = 'CountRollupBuilds1795460000000';

  async up(runner: QueryRunner): Promise<void> {
    const { int } = columnTypes(runner);
    await execute(runner, [`ALTER TABLE metric_rollup_state ADD COLUMN builds ${int} NOT NULL DEFAULT 0`]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, ['ALTER TABLE metric_rollup_state DROP COLUMN builds']);
  }
}
