import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** There are spans of more lengths, of agents alone, in order of time. The service sums all of them up again; until then buckets answer. */
export class SumEdgesOfSpans1795545000000 implements MigrationInterface {
  name = 'SumEdgesOfSpans1795545000000';

  up(runner: QueryRunner): Promise<void> {
    return createAnew(runner, ['bucket_ms', 'bucket', 'agent_id']);
  }

  down(runner: QueryRunner): Promise<void> {
    return createAnew(runner, ['bucket_ms', 'agent_id', 'bucket']);
  }
}

/** Counts `builds` up as well: instances that run know an older mark, and are told by it. */
function createAnew(runner: QueryRunner, key: readonly string[]): Promise<void> {
  const { dialect, int, sum } = columnTypes(runner);
  return execute(runner, [
    'DROP TABLE metric_spans',
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
      PRIMARY KEY (${key.join(', ')})
    )${dialect === 'sqlite' ? ' WITHOUT ROWID' : ''}`,
    'UPDATE metric_rollup_state SET summed_to = 0, builds = builds + 1 WHERE summed_to > 0',
  ]);
}
