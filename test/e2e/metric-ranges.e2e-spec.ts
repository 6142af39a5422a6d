import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemContext } from '#kernel';
import { MetricRetention } from '#metrics';
import { expectProblem } from '../support/answers.js';
import { HeldClock } from '../support/budgets.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TODAY = Math.floor(Date.now() / DAY) * DAY;
/** Within an hour, so that days back from here begin within one. */
const NOW = TODAY + 12.5 * HOUR;
/** Clocks of clients may be so far ahead. */
const LATEST = NOW + 6 * MINUTE;
const iso = (ms: number): string => new Date(ms).toISOString();

describe('the range of a sum', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
    new HeldClock(service, iso(NOW));
    await service.request('POST', '/agents', anAgent());
    const begin = NOW - 6 * DAY;
    for (const at of [begin - 25 * MINUTE, begin + 15 * MINUTE, NOW - HOUR]) {
      const metric = { agent_id: 'coder', metric_type: 'quality', cost_usd: 0.5, code_violations: 1 };
      const sent = await service.request('POST', '/metrics', { ...metric, recorded_at: iso(at) });
      expect(sent.status).toBe(201);
    }
  });
  afterAll(() => service.remove());

  const get = async (path: string): Promise<Answer['body']> =>
    (await service.request('GET', `/metrics/${path}`)).body;

  const SUMS = [
    ['aggregate', 'count', 1, 'time_range_days'],
    ['quality', 'total_code_violations', 1, 'period_days'],
    ['resources/usage', 'total_cost_usd', 0.5, 'period_days'],
  ] as const;

  it.each(SUMS)('in days goes unsaid in %s where it is as asked for', async (path, sum, each, period) => {
    const answer = await get(`${path}?days=6`);
    expect(answer).toMatchObject({ [sum]: 2 * each, [period]: 6 });
    expect(answer).not.toHaveProperty('range');
  });

  it.each([
    ['aggregate', 'days=1&start_date=2026-01-05', 'days'],
    ['aggregate', 'end_date=2026-01-05', 'start_date'],
    ['aggregate', 'start_date=2026-01-05&end_date=2026-01-05', 'start_date'],
    ['aggregate', 'start_date=2090-01-01&end_date=2091-01-01', 'start_date'],
    ['leaderboard', 'start_date=2026-01-06&end_date=2026-01-05', 'start_date'],
    ['leaderboard', 'start_date=2090-01-01&end_date=2091-01-01', 'start_date'],
    ['timeseries', 'start_date=9000-01-01', 'start_date'],
    ['timeseries', 'start_date=9000-01-01&end_date=9000-01-02', 'start_date'],
    ['timeseries', 'bucket=minute&days=2', 'bucket'],
  ])('is refused for %s?%s', async (path, query, field) => {
    const answer = await service.request('GET', `/metrics/${path}?${query}`);
    expectProblem(answer, 422, 'VALIDATION_FAILED');
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual([field]);
  });

  it('ends now where it would end in a time to come', async () => {
    expect(await get(`aggregate?start_date=${iso(TODAY)}&end_date=2091-01-01`)).toMatchObject({
      ...{ count: 1, time_range_days: (LATEST - TODAY) / DAY },
      range: { start: iso(TODAY), end: iso(LATEST), widened: false },
    });
  });

  describe('whose metrics are gone at its begin', () => {
    beforeAll(() => service.get(MetricRetention).removeBefore(systemContext('test'), TODAY - 2 * DAY));

    it.each(SUMS)('is told in %s, which sums up the whole hour', async (path, sum, each, period) => {
      expect(await get(`${path}?days=6`)).toMatchObject({
        ...{ [sum]: 3 * each, [period]: 6 },
        range: { start: iso(NOW - 6 * DAY - 30 * MINUTE), end: iso(LATEST), widened: true },
      });
      const later = await get(`${path}?days=2`);
      expect(later).toMatchObject({ [sum]: each, [period]: 2 });
      expect(later).not.toHaveProperty('range');
    });
  });
});
