import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** Metrics of all types together, summed by ten minutes, hour and day once these are past. The service sums up what is there. */
export class CreateMetricSpans1795530000000 implements MigrationInterface {
  name = 'CreateMetricSpans1795530000000';

  async up(runner: QueryRunner): Promise<void> {
    const { dialect, int, sum } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE metric_spans (
        bucket_ms ${int} NOT NULL,
        agent_id TEXT NOT NULL,
        bucket ${int} NOT NULL,
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
        PRIMARY KEY (bucket_ms, agent_id, bucket)
      )${dialect === 'sqlite' ? ' WITHOUT ROWID' : ''}`,
      `ALTER TABLE metric_rollup_state ADD COLUMN summed_to ${int} NOT NULL DEFAULT 0`,
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      'ALTER TABLE metric_rollup_state DROP COLUMN summed_to',
      'DROP TABLE metric_spans',
    ]);
  }
}
