import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** Metrics summed by minute, hour and day. What was recorded before is counted by the service, which has the means. */
export class CreateMetricRollups1795420000000 implements MigrationInterface {
  name = 'CreateMetricRollups1795420000000';

  async up(runner: QueryRunner): Promise<void> {
    const { dialect, int, sum } = columnTypes(runner);
    const clustered = dialect === 'sqlite' ? ' WITHOUT ROWID' : '';
    await execute(runner, [
      `CREATE TABLE metric_rollups (
        bucket_ms ${int} NOT NULL,
        agent_id TEXT NOT NULL,
        bucket ${int} NOT NULL,
        metric_type TEXT NOT NULL,
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
        tasks_failed ${sum} NOT NULL,
        api_calls ${sum} NOT NULL,
        code_violations ${sum} NOT NULL,
        execution_time_min ${int},
        execution_time_max ${int},
        PRIMARY KEY (bucket_ms, agent_id, bucket, metric_type)
      )${clustered}`,
      // Beside the sums, which are read in long runs and seldom with them.
      `CREATE TABLE metric_sketches (
        bucket_ms ${int} NOT NULL,
        agent_id TEXT NOT NULL,
        bucket ${int} NOT NULL,
        metric_type TEXT NOT NULL,
        execution_times TEXT NOT NULL,
        PRIMARY KEY (bucket_ms, agent_id, bucket, metric_type)
      )${clustered}`,
      'CREATE INDEX metric_rollups_bucket ON metric_rollups (bucket_ms, bucket)',
      'CREATE INDEX metric_sketches_bucket ON metric_sketches (bucket_ms, bucket)',
      `CREATE TABLE metric_rollup_state (
        id SMALLINT PRIMARY KEY CHECK (id = 1),
        built SMALLINT NOT NULL,
        raw_from ${int} NOT NULL
      )`,
      `INSERT INTO metric_rollup_state (id, built, raw_from)
        SELECT 1, CASE WHEN EXISTS (SELECT 1 FROM agent_metrics) THEN 0 ELSE 1 END, 0`,
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      'DROP TABLE metric_rollup_state',
      'DROP TABLE metric_sketches',
      'DROP TABLE metric_rollups',
    ]);
  }
}
