import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from '../support/build.js';
import { openRaw } from '../support/opened-store.js';
import { killLeftovers, runCli } from '../support/process.js';
import { anAgent, TestService } from '../support/service.js';

const HOUR = 3_600_000;
const DAY_BEFORE_LAST = Math.floor(Date.now() / (24 * HOUR)) * 24 * HOUR - 48 * HOUR;

beforeAll(() => build(), 120_000);
afterAll(killLeftovers);

describe('rebuild-rollups', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
    await service.request('POST', '/agents', anAgent());
  });
  afterAll(() => service.remove());

  it('counts the metrics anew beside a running service', async () => {
    const hours = [10, 12, 24].map((hour) => new Date(DAY_BEFORE_LAST + hour * HOUR).toISOString());
    for (const recorded_at of hours) {
      const metric = { agent_id: 'coder', metric_type: 'execution', tokens_used: 5, recorded_at };
      expect((await service.request('POST', '/metrics', metric)).status).toBe(201);
    }
    const [start, end] = [0, 48].map((hour) => new Date(DAY_BEFORE_LAST + hour * HOUR).toISOString());
    const whole = `/metrics/aggregate?start_date=${start}&end_date=${end}`;
    const right = (await service.request('GET', whole)).body;
    const raw = await openRaw(service.store);
    await raw.query('UPDATE metric_rollups SET tokens_used = 1000');
    await raw.query(`DELETE FROM metric_rollups WHERE bucket_ms = 3600000`);
    await raw.destroy();
    const { code, stdout, stderr } = await runCli(service.store, ['rebuild-rollups']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^counted 3 hours/);
    expect((await service.request('GET', whole)).body).toEqual(right);
    const path = `/metrics/aggregate?start_date=${hours[0]}&bucket=hour`;
    const { body } = await service.request('GET', path);
    expect(body).toMatchObject({ count: 3, total_tokens_used: 15 });
    expect(body.groups.map(({ bucket }: { bucket: string }) => bucket)).toEqual(hours);
  });
});
