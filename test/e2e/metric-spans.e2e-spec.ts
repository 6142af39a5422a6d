import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemContext } from '#kernel';
import { MetricRetention, MetricSpans, RollupRebuild } from '#metrics';
import { figuresOf, randomMetric, type SentMetric, toBody } from '../support/metric-figures.js';
import { eventually } from '../support/eventually.js';
import { openRaw, upTo } from '../support/opened-store.js';
import { randomFrom } from '../support/random.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** Weeks, as spans have them, begin two and nine days later. */
const START = Math.floor(Date.now() / WEEK) * WEEK - 16 * DAY;
const END = START + 10 * DAY;
const ctx = systemContext('test');

/** The shortest and the longest execution time, milliseconds. */
function boundsOf(metrics: readonly SentMetric[]): Record<string, number | null> {
  const times = metrics.flatMap(({ execution_time_us: us }) => (us === null ? [] : [us / 1e3]));
  const bound = (choose: (...of: number[]) => number): number | null =>
    times.length === 0 ? null : choose(...times);
  return { min_execution_time_ms: bound(Math.min), max_execution_time_ms: bound(Math.max) };
}

type Key = (metric: SentMetric) => unknown;
/** What tells the groups of a question apart. */
const QUESTIONS: Readonly<Record<string, Key>> = {
  '': () => null,
  'group_by=agent': ({ agent }) => agent.id,
  'group_by=role': ({ agent }) => agent.role,
  'group_by=metric_type': ({ metric_type }) => metric_type,
  'bucket=hour': ({ at }) => new Date(Math.floor(at / HOUR) * HOUR).toISOString(),
  'bucket=day': ({ at }) => new Date(Math.floor(at / DAY) * DAY).toISOString(),
};

interface Span {
  readonly bucket_ms: number;
  readonly agent_id: string;
  readonly bucket: number;
  readonly metrics: number;
  readonly cost_micro: number;
  readonly execution_time_max: number | null;
}

/** Begin and end of all spans that hold a time: one minute and ten, and units that begin or end with what is longer, or one alone. */
function spansOf(at: number): [from: number, to: number][] {
  const spans = new Map<string, [number, number]>();
  const add = (from: number, to: number): unknown => spans.set(`${from} ${to}`, [from, to]);
  const floor = (length: number): number => Math.floor(at / length) * length;
  for (const length of [MINUTE, 10 * MINUTE]) add(floor(length), floor(length) + length);
  for (const [unit, longer] of [
    [HOUR, DAY],
    [DAY, WEEK],
  ] as const) {
    const [begin, end] = [floor(longer), floor(longer) + longer];
    for (let to = floor(unit) + unit; to <= end; to += unit) add(begin, to);
    for (let from = floor(unit); from >= begin; from -= unit) add(from, end);
    add(floor(unit), floor(unit) + unit);
  }
  return [...spans.values()];
}

const bySpan = (a: Span, b: Span): number =>
  a.bucket_ms - b.bucket_ms || a.bucket - b.bucket || (a.agent_id < b.agent_id ? -1 : 1);

describe('spans of all types together', () => {
  let service: TestService;
  const agents: SentMetric['agent'][] = [];
  const sent: SentMetric[] = [];
  const random = randomFrom(29);

  const send = async (metrics: readonly SentMetric[], to = service): Promise<void> => {
    const { body } = await to.request('POST', '/metrics/batch', metrics.map(toBody));
    expect(body.rejected).toBe(0);
    sent.push(...metrics);
  };
  const some = (count: number, from = START, to = END): SentMetric[] =>
    upTo(count).map(() => randomMetric(random, agents, [from, to]));
  const inStore = async <Row>(...statements: string[]): Promise<Row[]> => {
    const raw = await openRaw(service.store);
    let rows: unknown[] = [];
    for (const statement of statements) rows = await raw.query(statement);
    await raw.destroy();
    return rows as Row[];
  };
  const summedTo = async (): Promise<number> => {
    const [state] = await inStore<{ summed_to: number }>('SELECT summed_to FROM metric_rollup_state');
    return Number(state?.summed_to);
  };

  /** Each span that is past holds all of its metrics, and there is no other. */
  const expectSpans = async (): Promise<void> => {
    const mark = await summedTo();
    const spans = new Map<string, Span>();
    for (const { at, agent, cost_micro, execution_time_us } of sent) {
      for (const [bucket, to] of spansOf(at)) {
        if (to > mark) continue;
        const bucket_ms = to - bucket;
        const name = `${bucket_ms} ${agent.id} ${bucket}`;
        const nothing = { metrics: 0, cost_micro: 0, execution_time_max: null };
        const known = spans.get(name) ?? { bucket_ms, agent_id: agent.id, bucket, ...nothing };
        const times = [known.execution_time_max, execution_time_us].filter((time) => time !== null);
        spans.set(name, {
          ...known,
          metrics: known.metrics + 1,
          cost_micro: known.cost_micro + (cost_micro ?? 0),
          execution_time_max: times.length === 0 ? null : Math.max(...times),
        });
      }
    }
    const columns = 'bucket_ms, agent_id, bucket, metrics, cost_micro, execution_time_max';
    const found = await inStore<Record<string, unknown>>(`SELECT ${columns} FROM metric_spans`);
    const numbers = found.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          name === 'agent_id' || value === null ? value : Number(value),
        ]),
      ),
    );
    expect((numbers as unknown as Span[]).sort(bySpan)).toEqual([...spans.values()].sort(bySpan));
  };

  /** All questions over a range of which neither end is the edge of anything. */
  const expectAnswers = async (): Promise<void> => {
    const from = START + Math.floor(random() * 3 * DAY);
    const to = from + HOUR + Math.floor(random() * (random() < 0.5 ? DAY : END - from));
    const within = sent.filter(({ at }) => at >= from && at < to);
    const range = `start_date=${new Date(from).toISOString()}&end_date=${new Date(to).toISOString()}`;
    for (const [question, keyOf] of Object.entries(QUESTIONS)) {
      const { body } = await service.request('GET', `/metrics/aggregate?${range}&${question}`);
      expect({ question, ...body }).toMatchObject({ question, ...figuresOf(within) });
      const groups = (body.groups ?? []) as Answer['body'][];
      const keys = question === '' ? [] : [...new Set(within.map(keyOf))];
      expect(groups).toHaveLength(keys.length);
      for (const group of groups) {
        const members = within.filter((metric) => keyOf(metric) === (group.key ?? group.bucket));
        expect({ question, ...group }).toMatchObject({
          ...{ question, ...figuresOf(members), ...boundsOf(members) },
        });
      }
    }
    const [agent] = agents as [SentMetric['agent']];
    const { body } = await service.request('GET', `/metrics/aggregate?${range}&agent_id=${agent.id}`);
    expect(body).toMatchObject(figuresOf(within.filter((metric) => metric.agent.id === agent.id)));
  };

  beforeAll(async () => {
    service = await TestService.start();
    for (const [index, role] of ['developer', 'tester', 'developer'].entries()) {
      const body = anAgent({ name: `agent-${index}`, role, metadata_category: 'lab' });
      const { agent_id: id } = (await service.request('POST', '/agents', body)).body;
      agents.push({ id, role, category: 'lab' });
    }
    // As a store of the version before begins.
    await eventually('the hours that are past', async () => (await summedTo()) > END);
    await inStore('UPDATE metric_rollup_state SET summed_to = 0, builds = builds + 1');
    await service.request('GET', '/metrics/aggregate');
  });
  afterAll(() => service.remove());

  it('hold what was there when they were past, and what comes later', async () => {
    await send(some(600));
    await expectAnswers();
    for (const hours of [0, 5, 5.2, 24, 31, 55]) {
      await service.get(MetricSpans).sumUpTo(ctx, START + hours * HOUR + 7);
      expect(await summedTo()).toBe(START + Math.floor(hours) * HOUR);
      await expectSpans();
      // On both sides of what is summed up, and close together.
      const at = START + Math.floor(random() * 60) * HOUR;
      await send([...some(80), ...some(20, at, at + 10 * MINUTE)]);
      await expectSpans();
      for (let round = 0; round < 3; round += 1) await expectAnswers();
    }
  });

  it('miss nothing that is recorded while two instances sum up', async () => {
    const other = await TestService.start({}, service.store);
    const edge = START + 60 * HOUR;
    const summing = [service, other].map((each) => each.get(MetricSpans).sumUpTo(ctx, START + 80 * HOUR));
    for (let part = 0; part < 8; part += 1) {
      await send(some(10, edge - 10 * HOUR, edge + 20 * HOUR), part % 2 ? service : other);
    }
    await Promise.all(summing);
    await other.stop();
    await expectSpans();
    for (let round = 0; round < 3; round += 1) await expectAnswers();
  });

  it('are right again when all is counted anew, while metrics arrive', async () => {
    await inStore('UPDATE metric_spans SET metrics = metrics + 1, cost_micro = 3');
    const rebuilt = service.get(RollupRebuild).rebuild(ctx);
    for (let part = 0; part < 5; part += 1) await send(some(10));
    await rebuilt;
    await expectSpans();
    await expectAnswers();
  });

  it('are right where they are summed up while wrong buckets are counted anew', async () => {
    await inStore(
      'DELETE FROM metric_spans',
      'UPDATE metric_rollup_state SET summed_to = 0, builds = builds + 1',
      'UPDATE metric_rollups SET cost_micro = 1000',
      `DELETE FROM metric_rollups WHERE bucket_ms = ${HOUR} AND bucket > ${START + 30 * HOUR}`,
    );
    const both = [
      service.get(RollupRebuild).rebuild(ctx),
      service.get(MetricSpans).sumUpTo(ctx, START + 80 * HOUR),
    ];
    for (let part = 0; part < 5; part += 1) await send(some(10));
    await Promise.all(both);
    await expectSpans();
    await expectAnswers();
  });

  it('are summed up after a start', async () => {
    const { store } = service;
    await service.stop();
    service = await TestService.start({}, store);
    await eventually('the hours that are past', async () => (await summedTo()) > END);
    await expectSpans();
    for (let round = 0; round < 5; round += 1) {
      await send(some(40));
      await expectAnswers();
    }
    await expectSpans();
  });

  it('of minutes go with the metrics, those of hours and days stay', async () => {
    const mark = START + 2 * DAY;
    const count = async (where: string): Promise<number> => {
      const sql = `SELECT COUNT(*) AS rows FROM metric_spans WHERE bucket < ${mark} AND ${where}`;
      return Number((await inStore<{ rows: number }>(sql))[0]?.rows);
    };
    const longer = `bucket_ms > ${10 * MINUTE}`;
    const kept = await count(longer);
    await service.get(MetricRetention).removeBefore(ctx, mark);
    expect(await count(`bucket_ms <= ${10 * MINUTE}`)).toBe(0);
    expect(await count(longer)).toBe(kept);
    const range = `start_date=${new Date(START).toISOString()}&end_date=${new Date(END).toISOString()}`;
    const { body } = await service.request('GET', `/metrics/aggregate?${range}&group_by=role`);
    expect(body).toMatchObject(figuresOf(sent));
  });
});
