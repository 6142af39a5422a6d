import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { placeholders } from '#persistence';
import { OpenedStore } from '../../../../test/support/opened-store.js';
import { type Asked, NotingReader, planOf } from '../../../../test/support/plans.js';
import { newTestStore, TEST_DIALECT } from '../../../../test/support/store.js';
import { sumRuns, sumWhole } from './metric-spans.js';
import { RollupsRepository } from './rollups.repository.js';
import { GROUPS, isTogether, type MetricQuestion } from './segment-sql.js';
import { RUNS, SPANS } from './span-times.js';
import { DAY_MS, HOUR_MS } from './time-range.js';

/** Begins and ends within a minute, so that metrics, minutes, hours and days all answer. */
const RANGE = { from: 3 * DAY_MS + 1, to: 20 * DAY_MS - HOUR_MS - 1 };
/** Spans answer up to here, and buckets beyond. */
const SUMMED_TO = 15 * DAY_MS + 5 * HOUR_MS;
/** Rows that no index was used for, other than those of the registry, and of what is already read. */
const WALKED =
  TEST_DIALECT === 'sqlite'
    ? /SCAN (r|s|metric_rollups|metric_spans|metric_sketches|agent_metrics)\b/
    : /Seq Scan on (metric_rollups|metric_spans|metric_sketches|agent_metrics)/;

describe('how sums over a range are read', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  beforeAll(async () => {
    opened = await OpenedStore.open(test);
    await opened.sources[0].query(`UPDATE metric_rollup_state SET summed_to = ${SUMMED_TO}`);
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  const explained = (asked: Asked): Promise<string> => planOf(opened.sources[0], asked, ['seqscan']);

  const questions: [string, Omit<MetricQuestion, 'range'>][] = [
    ['of the fleet', {}],
    ['of a type', { metricType: 'execution' }],
    ['of an agent', { agentId: 'a' }],
    ['in buckets', { bucketMs: HOUR_MS }],
    ['of an agent, as a group', { agentId: 'a', groupBy: 'agent' }],
    ['with quantiles', { quantiles: true }],
    ['of an agent with quantiles', { agentId: 'a', quantiles: true }],
    ...GROUPS.map((groupBy): [string, Omit<MetricQuestion, 'range'>] => [`by ${groupBy}`, { groupBy }]),
  ];
  it.each(questions)('%s: by indexes alone', async (_name, question) => {
    const reader = new NotingReader(opened.store);
    const repository = new RollupsRepository(reader);
    // The first answer tells how far spans go.
    for (let time = 0; time < 2; time += 1) await repository.answer({ ...question, range: RANGE }, 10);
    expect(reader.asked).toHaveLength(2);
    const asked = reader.asked[1]!;
    const { sql } = asked;
    const plan = await explained(asked);
    expect(plan).toMatch(/metric_rollups|SEARCH r /);
    expect(plan).not.toMatch(WALKED);
    expect(sql.includes('metric_spans r')).toBe(isTogether(question as MetricQuestion));
    if (TEST_DIALECT === 'postgres') return;
    expect(plan).toMatch(
      /SEARCH r USING PRIMARY KEY \(bucket_ms=\? AND agent_id=\? AND bucket>\? AND bucket<\?/,
    );
    const OF_ALL = /SCAN span\nSEARCH r USING PRIMARY KEY \(bucket_ms=\? AND bucket>\? AND bucket<\?\)/;
    if (!isTogether(question as MetricQuestion)) {
      expect(plan).not.toMatch(OF_ALL);
      return;
    }
    // Spans one time after the other, which are then sorted by agent; buckets agent by agent, in their order.
    expect(plan).toMatch(OF_ALL);
    expect(plan).toMatch(
      /SCAN a USING (COVERING )?INDEX sqlite_autoindex_agent_identities_1\n.*SCAN span\n.*SEARCH r USING PRIMARY KEY \(bucket_ms=\? AND agent_id=\?/,
    );
    expect(plan).toMatch(/SEARCH r USING INDEX agent_metrics_recorded/);
    if (question.groupBy === 'agent') expect(plan.match(/USE TEMP B-TREE FOR GROUP BY/g)).toHaveLength(2);
  });

  it.each([
    ...SPANS.map((length) => ({ length, unit: null })),
    ...RUNS.map(({ unit }) => ({ length: 5 * unit, unit })),
  ])('spans of $length ms are made by indexes alone', async ({ length, unit }) => {
    const asked: Asked[] = [];
    const query = (sql: string, parameters: readonly unknown[]): Promise<[]> => {
      asked.push({ sql: placeholders(TEST_DIALECT, sql), parameters });
      return Promise.resolve([]);
    };
    const store = { dialect: TEST_DIALECT, query } as never;
    if (unit === null) await sumWhole(store, length, RANGE);
    else
      await sumRuns(
        store,
        [
          { bucketMs: length, from: 0 },
          { bucketMs: length, from: unit },
        ],
        unit,
      );
    expect(asked).toHaveLength(2);
    for (const each of asked) {
      const plan = await explained(each);
      expect(plan).not.toMatch(WALKED);
      if (TEST_DIALECT === 'sqlite')
        expect(plan).toMatch(
          /USING PRIMARY KEY \(bucket_ms=\? AND (bucket=\?|(agent_id=\? AND )?bucket>\? AND bucket<\?)/,
        );
    }
  });
});
