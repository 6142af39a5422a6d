import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** Spans are of agents alone, which no index of one has to find, and of minutes too. The service sums all of them up again. */
export class KeepSpansOfAgents1795565000000 implements MigrationInterface {
  name = 'KeepSpansOfAgents1795565000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX metric_spans_agent');
    await beginAnew(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await beginAnew(runner);
    await runner.query('CREATE INDEX metric_spans_agent ON metric_spans (agent_id, bucket_ms, bucket)');
  }
}

/** Counts `builds` up as well: instances that run know an older mark, and are told by it. */
function beginAnew(runner: QueryRunner): Promise<void> {
  return execute(runner, [
    columnTypes(runner).dialect === 'sqlite' ? 'DELETE FROM metric_spans' : 'TRUNCATE metric_spans',
    'UPDATE metric_rollup_state SET summed_to = 0, builds = builds + 1 WHERE summed_to > 0',
  ]);
}
