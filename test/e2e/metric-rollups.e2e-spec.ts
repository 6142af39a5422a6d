import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Sink, systemContext, TransactionRunner } from '#kernel';
import { MetricRetention, RollupRebuild } from '#metrics';
import { expectProblem } from '../support/answers.js';
import { figuresOf, percentileOf, randomMetric, type SentMetric, toBody } from '../support/metric-figures.js';
import { openRaw, upTo } from '../support/opened-store.js';
import { randomFrom } from '../support/random.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** So long ago that none of it is what a test records now. */
const START = Math.floor(Date.now() / DAY) * DAY - 6 * DAY;
const END = START + 4 * DAY;
const METRICS = 900;
const iso = (ms: number): string => new Date(ms).toISOString();

describe('sums over any range', () => {
  let service: TestService;
  const agents: SentMetric['agent'][] = [];
  const sent: SentMetric[] = [];

  const get = async (path: string): Promise<Answer['body']> => {
    const { status, body } = await service.request('GET', `/metrics${path}`);
    expect({ path, status, body: status === 200 ? null : body }).toEqual({ path, status: 200, body: null });
    return body;
  };
  const send = async (metrics: readonly SentMetric[]): Promise<void> => {
    const { status, body } = await service.request('POST', '/metrics/batch', metrics.map(toBody));
    expect({ status, rejected: body.rejected }).toEqual({ status: 207, rejected: 0 });
    sent.push(...metrics);
  };
  const between = (from: number, to: number): SentMetric[] => sent.filter(({ at }) => at >= from && at < to);
  const dates = (from: number, to: number): string => `start_date=${iso(from)}&end_date=${iso(to)}`;
  const expectWhole = async (): Promise<void> => {
    expect(await get(`/aggregate?${dates(START, END)}`)).toMatchObject(figuresOf(between(START, END)));
  };

  beforeAll(async () => {
    service = await TestService.start();
    for (const [index, role] of ['developer', 'tester', 'developer'].entries()) {
      const category = index === 0 ? 'foundry' : 'lab';
      const body = anAgent({ name: `agent-${index}`, role, metadata_category: category });
      const { agent_id: id } = (await service.request('POST', '/agents', body)).body;
      agents.push({ id, role, category });
    }
    const random = randomFrom(20_260_105);
    await send(upTo(METRICS).map(() => randomMetric(random, agents, [START, END])));
    // Close together, so that a minute holds many, and on the very edges of buckets.
    await send(upTo(200).map(() => randomMetric(random, agents, [START + DAY, START + DAY + MINUTE])));
    const edges = [START, START + 1, START + HOUR - 1, START + HOUR, START + DAY - 1, END - 1];
    await send(edges.map((at) => randomMetric(random, agents, [at, at + 1])));
  });
  afterAll(() => service.remove());

  const edge = fc.oneof(
    fc.integer({ min: START - HOUR, max: END + HOUR }),
    fc.integer({ min: 0, max: 96 }).map((hours) => START + hours * HOUR),
    fc.integer({ min: 0, max: 4 * 1440 }).map((minutes) => START + minutes * MINUTE),
  );
  const aRange = fc
    .tuple(edge, edge)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const PERCENTILES = ['50', '95', '99.9'];

  const expectPercentiles = (answer: Answer['body'], metrics: readonly SentMetric[]): void => {
    for (const percentile of PERCENTILES) {
      const exact = percentileOf(metrics, Number(percentile));
      const found = answer.execution_time_percentiles_ms[percentile];
      if (exact === null) expect(found).toBeNull();
      else expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.010001);
    }
  };

  it('are those of the metrics one by one', async () => {
    const filter = fc.record({
      agent: fc.option(fc.integer({ min: 0, max: 2 })),
      type: fc.option(fc.constantFrom('execution', 'quality', 'cost')),
    });
    await fc.assert(
      fc.asyncProperty(aRange, filter, async ([from, to], { agent, type }) => {
        const of = agent === null ? null : (agents[agent] as SentMetric['agent']);
        const metrics = between(from, to)
          .filter((metric) => of === null || metric.agent.id === of.id)
          .filter((metric) => type === null || metric.metric_type === type);
        const query = `${dates(from, to)}&agent_id=${of?.id ?? ''}&metric_type=${type ?? ''}`;
        const answer = await get(`/aggregate?${query}&percentiles=${PERCENTILES.join(',')}`);
        expect(answer).toMatchObject(figuresOf(metrics));
        expect(answer.range).toEqual({ start: iso(from), end: iso(to), widened: false });
        expectPercentiles(answer, metrics);
      }),
      { numRuns: 60 },
    );
  });

  it('are those of each group and bucket', async () => {
    const KEYS: Record<string, (metric: SentMetric) => string> = {
      agent: ({ agent }) => agent.id,
      role: ({ agent }) => agent.role,
      category: ({ agent }) => agent.category,
      metric_type: ({ metric_type }) => metric_type,
    };
    const LENGTHS = { minute: MINUTE, hour: HOUR, day: DAY };
    const split = fc.record({
      group_by: fc.option(fc.constantFrom('agent', 'role', 'category', 'metric_type')),
      bucket: fc.option(fc.constantFrom('minute', 'hour', 'day')),
    });
    await fc.assert(
      fc.asyncProperty(aRange, split, async ([from, to], { group_by, bucket }) => {
        const groups = new Map<string, SentMetric[]>();
        for (const metric of between(from, to)) {
          const length = bucket === null ? null : LENGTHS[bucket];
          const begin = length === null ? null : iso(metric.at - (metric.at % length));
          const key = group_by === null ? null : KEYS[group_by]?.(metric);
          const name = JSON.stringify({ key, bucket: begin });
          groups.set(name, [...(groups.get(name) ?? []), metric]);
        }
        const query = `${dates(from, to)}&group_by=${group_by ?? ''}&bucket=${bucket ?? ''}`;
        const answer = await get(`/aggregate?${query}&percentiles=${PERCENTILES.join(',')}`);
        expect(answer).toMatchObject(figuresOf(between(from, to)));
        if (group_by === null && bucket === null) {
          expect(answer).not.toHaveProperty('groups');
          return;
        }
        expect(answer.groups).toHaveLength(groups.size);
        for (const group of answer.groups) {
          const metrics = groups.get(JSON.stringify({ key: group.key, bucket: group.bucket })) ?? [];
          expect(group).toMatchObject(figuresOf(metrics));
          expectPercentiles(group, metrics);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are those of each point of a series, empty ones too', async () => {
    const [from, to] = [START - HOUR, START + DAY + 90 * MINUTE];
    const { points, range } = await get(`/timeseries?bucket=hour&${dates(from, to)}`);
    expect(range).toEqual({ start: iso(from), end: iso(to), widened: false });
    expect(points).toHaveLength(27);
    for (const { start, ...figures } of points) {
      const begin = Date.parse(start);
      expect(figures).toMatchObject(figuresOf(between(begin, Math.min(begin + HOUR, to))));
    }
    expect(points[0]).toMatchObject({ start: iso(from), count: 0, min_execution_time_ms: null });
  });

  it('rank the agents', async () => {
    const { entries } = await get(`/leaderboard?by=cost&limit=2&${dates(START, END)}`);
    const costs = agents
      .map(({ id }) => ({ id, ...figuresOf(sent.filter((metric) => metric.agent.id === id)) }))
      .map((figures) => ({
        agent_id: figures.id,
        value: (figures as Answer['body']).total_cost_usd as number,
      }))
      .sort((a, b) => b.value - a.value);
    expect(entries.map(({ agent_id, value }: Answer['body']) => ({ agent_id, value }))).toEqual(
      costs.slice(0, 2),
    );
    expect(entries[0]).toMatchObject({ rank: 1, agent_name: expect.stringMatching(/^agent-\d$/) });
    for (const by of ['tokens', 'failures', 'latency']) {
      const values = (await get(`/leaderboard?by=${by}&${dates(START, END)}`)).entries.map(
        ({ value }: Answer['body']) => value as number,
      );
      expect(values).toEqual([...values].sort((a: number, b: number) => b - a));
      expect(values).toHaveLength(3);
    }
  });

  it('group by what agents are now', async () => {
    const [first] = agents as [SentMetric['agent']];
    await service.request('PUT', `/agents/${first.id}`, { role: 'reviewer' });
    const { groups } = await get(`/aggregate?group_by=role&${dates(START, END)}`);
    expect(groups.map(({ key }: Answer['body']) => key)).toEqual(['developer', 'reviewer', 'tester']);
    await service.request('PUT', `/agents/${first.id}`, { role: first.role });
  });

  it('count a group of writes once where it fails and is tried again', async () => {
    const failing: Sink<null> = { name: 'failing', order: 50, flush: () => Promise.reject(new Error('no')) };
    const [agent] = agents as [SentMetric['agent']];
    const metric = (n: number): SentMetric => ({
      ...{ agent, metric_type: 'execution', at: START + 2 * DAY + n, execution_time_us: n, success: true },
      ...{ cost_micro: n, tokens_used: n, quality_nano: n },
    });
    const metrics = upTo(20).map(metric);
    const writes = metrics.map((each) => service.request('POST', '/metrics', toBody(each)));
    const failures = upTo(8).map(() =>
      service.get(TransactionRunner).append(systemContext('test'), (tx) => tx.tx.add(failing, null)),
    );
    for (const { status } of await Promise.allSettled(failures)) expect(status).toBe('rejected');
    for (const { status } of await Promise.all(writes)) expect(status).toBe(201);
    sent.push(...metrics);
    await expectWhole();
  });

  it('hold what two instances record at the same time', async () => {
    const other = await TestService.start({}, service.store);
    const [agent] = agents as [SentMetric['agent']];
    const metrics = upTo(60).map((n): SentMetric => ({
      ...{ agent, metric_type: 'quality', at: START + 3 * DAY, execution_time_us: 1000 * n, success: null },
      ...{ cost_micro: 1, tokens_used: 1, quality_nano: null },
    }));
    const answers = await Promise.all(
      metrics.map((each, n) => (n % 2 ? service : other).request('POST', '/metrics', toBody(each))),
    );
    await other.stop();
    for (const { status } of answers) expect(status).toBe(201);
    sent.push(...metrics);
    const answer = await get(`/aggregate?metric_type=quality&percentiles=50,95,99.9&${dates(START, END)}`);
    expectPercentiles(
      answer,
      between(START, END).filter(({ metric_type }) => metric_type === 'quality'),
    );
    await expectWhole();
  });

  it('come right again when they are counted anew, while metrics arrive', async () => {
    const raw = await openRaw(service.store);
    for (const table of ['metric_rollups', 'metric_spans'])
      await raw.query(`UPDATE ${table} SET metrics = metrics + 7, cost_micro = 1`);
    await raw.destroy();
    expect((await get(`/aggregate?${dates(START, END)}`)).count).toBeGreaterThan(sent.length);
    const random = randomFrom(7);
    const rebuilt = service.get(RollupRebuild).rebuild(systemContext('test'));
    for (let part = 0; part < 10; part += 1) {
      await send(upTo(20).map(() => randomMetric(random, agents, [START, END])));
    }
    expect(await rebuilt).toBeGreaterThan(80);
    await expectWhole();
    const { groups } = await get(`/aggregate?bucket=day&${dates(START, END)}`);
    for (const { bucket, count } of groups) {
      expect(count).toBe(between(Date.parse(bucket), Date.parse(bucket) + DAY).length);
    }
  });

  it('are there after a start on a store that was never counted', async () => {
    const store = service.store;
    await service.stop();
    const raw = await openRaw(store);
    await raw.query('DELETE FROM metric_rollups');
    await raw.query('DELETE FROM metric_sketches');
    await raw.query('UPDATE metric_rollup_state SET built = 0');
    await raw.destroy();
    service = await TestService.start({}, store);
    await expectWhole();
    await service.get(RollupRebuild).buildOnce(systemContext('test'));
    await expectWhole();
  });

  describe('of metrics that are gone', () => {
    const MARK = START + 2 * DAY;
    beforeAll(async () => {
      // What was there, and minutes that count it.
      const gone = await service.get(MetricRetention).removeBefore(systemContext('test'), MARK + 5 * HOUR);
      expect(gone).toBeGreaterThan(between(0, MARK).length);
    });

    it('are those of whole hours, and say so', async () => {
      const [from, to] = [START + 90 * MINUTE, MARK + 90 * MINUTE + 1];
      const answer = await get(`/aggregate?${dates(from, to)}`);
      expect(answer.range).toEqual({ start: iso(START + HOUR), end: iso(to), widened: true });
      expect(answer).toMatchObject(figuresOf(between(START + HOUR, to)));
      const both = await get(`/aggregate?${dates(from, START + 150 * MINUTE)}`);
      expect(both.range).toEqual({ start: iso(START + HOUR), end: iso(START + 3 * HOUR), widened: true });
      expect(both).toMatchObject(figuresOf(between(START + HOUR, START + 3 * HOUR)));
    });

    it('are exact where no edge lies among them', async () => {
      await expectWhole();
    });

    it.each(['aggregate', 'timeseries'])('are refused by the minute in %s', async (path) => {
      const query = `bucket=minute&${dates(MARK - HOUR, MARK + HOUR)}`;
      const answer = await service.request('GET', `/metrics/${path}?${query}`);
      expectProblem(answer, 422, 'VALIDATION_FAILED');
      expect(answer.body.errors).toMatchObject([
        { path: 'bucket', message: expect.stringContaining(iso(MARK)) },
      ]);
      expect((await get(`/timeseries?bucket=minute&${dates(MARK, MARK + HOUR)}`)).points).toHaveLength(60);
    });

    it('take in what is recorded late', async () => {
      await send([randomMetric(randomFrom(3), agents, [START + 5 * HOUR, START + 5 * HOUR + 1])]);
      await expectWhole();
    });

    it('stay when the rest is counted anew', async () => {
      await service.get(RollupRebuild).rebuild(systemContext('test'));
      await expectWhole();
    });

    it('are no longer in the list', async () => {
      const late = between(START, MARK).slice(-1);
      const rows = await get(`?limit=1000&${dates(START, MARK)}`);
      expect(rows.map(({ recorded_at }: Answer['body']) => recorded_at)).toEqual(
        late.map(({ at }) => iso(at)),
      );
    });
  });
});
