import type { MigrationInterface, QueryRunner } from 'typeorm';
import { execute } from './column-types.js';

/**
 * Each bucket is found by its key; what goes through a period asks for one agent after another, and so every write is spared
 * two indexes.
 */
export class DropRollupBucketIndexes1795490000000 implements MigrationInterface {
  name = 'DropRollupBucketIndexes1795490000000';

  async up(runner: QueryRunner): Promise<void> {
    await execute(runner, ['DROP INDEX metric_rollups_bucket', 'DROP INDEX metric_sketches_bucket']);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      'CREATE INDEX metric_rollups_bucket ON metric_rollups (bucket_ms, bucket)',
      'CREATE INDEX metric_sketches_bucket ON metric_sketches (bucket_ms, bucket)',
    ]);
  }
}
