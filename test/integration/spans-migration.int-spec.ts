import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { MIGRATIONS } from '#persistence';
import { OpenedStore } from '../support/opened-store.js';
import { newTestStore } from '../support/store.js';

const SUMS =
  'metrics, succeeded, failed, execution_time_us, execution_time_rows, quality_nano, quality_rows, cost_micro, tokens_used, tasks_completed, tasks_failed, api_calls, code_violations';

/** It changes which spans there are. */
const NAME = 'SumEdgesOfSpans1795545000000';

describe('a store whose spans are others', () => {
  const store = newTestStore();
  let opened: OpenedStore;
  let source: DataSource;
  beforeAll(async () => {
    opened = await OpenedStore.open(store);
    [source] = opened.sources;
  });
  afterAll(async () => {
    await opened.close();
    await store.remove();
  });

  const state = async (): Promise<Record<string, number>> => {
    const [row] = await source.query<Record<string, unknown>[]>(
      'SELECT built, raw_from, summed_to, builds FROM metric_rollup_state',
    );
    return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]));
  };

  it.each(['up', 'down'])('has them summed up again on the way %s', async (way) => {
    await source.runMigrations({ transaction: 'each' });
    const names = MIGRATIONS.map((migration) => new migration().name);
    const later = names.length - names.indexOf(NAME);
    const undo = async (): Promise<void> => {
      for (let left = later; left > 0; left -= 1) await source.undoLastMigration({ transaction: 'each' });
    };
    if (way === 'up') await undo();
    const zeros = SUMS.split(', ').map(() => 0);
    await source.query(
      `INSERT INTO metric_spans (bucket_ms, agent_id, bucket, ${SUMS}) VALUES (3600000, 'a', 0, ${zeros.join(', ')})`,
    );
    await source.query('UPDATE metric_rollup_state SET summed_to = 7200000, raw_from = 5');
    const { builds } = await state();

    await (way === 'up' ? source.runMigrations({ transaction: 'each' }) : undo());
    expect(await source.query('SELECT * FROM metric_spans')).toEqual([]);
    // Who knows the older mark looks at `builds`.
    expect(await state()).toEqual({ built: 1, raw_from: 5, summed_to: 0, builds: (builds ?? NaN) + 1 });
  });
});
