import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { figuresOf, randomMetric, type SentMetric, toBody } from '../support/metric-figures.js';
import { upTo } from '../support/opened-store.js';
import { randomFrom } from '../support/random.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Math.floor(Date.now() / DAY) * DAY - 6 * DAY;
/** On the edge of no bucket, so that metrics, minutes, hours and days all answer. */
const RANGE: [number, number] = [START + 1234, START + 3 * DAY + 5 * HOUR - 4321];
const DATES = `start_date=${new Date(RANGE[0]).toISOString()}&end_date=${new Date(RANGE[1]).toISOString()}`;

/** Each question with what tells its groups apart. */
const QUESTIONS: [string, (metric: SentMetric) => string | null][] = [
  [`aggregate?${DATES}`, () => null],
  [`aggregate?${DATES}&percentiles=50`, () => null],
  [`aggregate?${DATES}&group_by=agent`, ({ agent }) => agent.id],
  [`aggregate?${DATES}&group_by=role`, ({ agent }) => agent.role],
  [`aggregate?${DATES}&group_by=category`, ({ agent }) => agent.category],
  [`aggregate?${DATES}&group_by=metric_type`, ({ metric_type }) => metric_type],
];

describe('sums that are asked again', () => {
  let service: TestService;
  let agents: SentMetric['agent'][] = [];
  let sent: SentMetric[] = [];
  const random = randomFrom(4_711);

  const record = async (metrics: readonly SentMetric[]): Promise<void> => {
    const { body } = await service.request('POST', '/metrics/batch', metrics.map(toBody));
    expect(body.rejected).toBe(0);
    sent.push(...metrics);
  };
  const expectAll = async (): Promise<void> => {
    const within = sent.filter(({ at }) => at >= RANGE[0] && at < RANGE[1]);
    for (const [question, keyOf] of QUESTIONS) {
      const { body } = await service.request('GET', `/metrics/${question}`);
      expect({ question, ...body }).toMatchObject({ question, ...figuresOf(within) });
      const keys = [...new Set(within.map(keyOf))].filter((key) => key !== null).sort();
      const groups = (body.groups ?? []) as Answer['body'][];
      expect(groups.map(({ key }) => key as string)).toEqual(keys);
      for (const group of groups) {
        expect(group).toMatchObject(figuresOf(within.filter((metric) => keyOf(metric) === group.key)));
      }
    }
  };

  beforeAll(async () => {
    service = await TestService.start();
    for (const [index, role] of ['developer', 'tester', 'reviewer'].entries()) {
      const category = index === 0 ? 'foundry' : 'lab';
      const body = anAgent({ name: `agent-${index}`, role, metadata_category: category });
      agents.push({ id: (await service.request('POST', '/agents', body)).body.agent_id, role, category });
    }
    await record(upTo(200).map(() => randomMetric(random, agents, RANGE)));
  });
  afterAll(() => service.remove());

  it('hold what was recorded in between, whenever it happened', async () => {
    for (let round = 0; round < 12; round += 1) {
      await expectAll();
      const at = RANGE[0] + Math.floor(random() * (RANGE[1] - RANGE[0] - 10));
      await record(upTo(1 + (round % 3)).map(() => randomMetric(random, agents, [at, at + 10])));
    }
    await expectAll();
  });

  it('go by the role and the category that agents have now', async () => {
    await expectAll();
    const [first, ...others] = agents as [SentMetric['agent']];
    for (const role of ['developer', 'reviewer', 'tester']) {
      const now = { ...first, role, category: `${role}s` };
      const change = { role, metadata_category: now.category };
      expect((await service.request('PUT', `/agents/${first.id}`, change)).status).toBe(200);
      agents = [now, ...others];
      sent = sent.map((metric) => (metric.agent.id === now.id ? { ...metric, agent: now } : metric));
      await expectAll();
    }
  });

  it('never go back while metrics arrive', async () => {
    const counts: number[] = [];
    const arriving = { now: true };
    const arrive = (async () => {
      for (let part = 0; part < 30; part += 1) {
        await record(upTo(5).map(() => randomMetric(random, agents, RANGE)));
      }
      arriving.now = false;
    })();
    while (arriving.now) {
      const { body } = await service.request('GET', `/metrics/aggregate?${DATES}&group_by=agent`);
      const groups = body.groups as { count: number }[];
      expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(body.count);
      counts.push(body.count as number);
    }
    await arrive;
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    await expectAll();
  });
});
