import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** The metrics as they were reported, with the agent's name of that moment. */
export class CreateMetrics1795305600002 implements MigrationInterface {
  name = 'CreateMetrics1795305600002';

  async up(runner: QueryRunner): Promise<void> {
    const { int } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE agent_metrics (
        metric_id TEXT PRIMARY KEY,
        agent_id TEXT NOT NULL,
        agent_name TEXT NOT NULL,
        metric_type TEXT NOT NULL,
        execution_time_us ${int},
        success SMALLINT,
        tokens_used ${int},
        api_calls ${int},
        cost_micro ${int},
        quality_nano ${int},
        code_violations ${int},
        tasks_completed ${int},
        tasks_failed ${int},
        context TEXT,
        recorded_at ${int} NOT NULL
      )`,
      `CREATE INDEX agent_metrics_recorded ON agent_metrics (recorded_at, metric_id)`,
      `CREATE INDEX agent_metrics_agent ON agent_metrics (agent_id, recorded_at, metric_id)`,
      `CREATE INDEX agent_metrics_type ON agent_metrics (metric_type, recorded_at, metric_id)`,
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE agent_metrics');
  }
}
