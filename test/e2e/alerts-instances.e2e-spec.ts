import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { register } from '../support/access-calls.js';
import { alertsOf, policyWithAlerts, Trespasser } from '../support/alerts.js';
import { eventually } from '../support/eventually.js';
import { upTo } from '../support/opened-store.js';
import { TestService } from '../support/service.js';
import { newTestStore } from '../support/store.js';

describe('two services on one store', () => {
  const store = newTestStore();
  let services: TestService[];
  beforeAll(async () => {
    const POLICY_FILE = policyWithAlerts(store);
    const start = () => TestService.start({ RBAC_ENABLED: 'true', POLICY_FILE }, store);
    services = [await start(), await start()];
    for (const n of upTo(5)) await register(services[0]!, `agent-${n}`);
    await eventually(
      'the other service to know them',
      async () => (await services[1]!.request('GET', '/agents/agent-5')).status === 200,
    );
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await store.remove();
  });

  it('raise each alert once between them, whoever was called', async () => {
    await Promise.all(
      services.flatMap((service, index) =>
        upTo(5).map(async (n) => {
          const calls = new Trespasser(service);
          // So that what one of them counts is not enough by itself.
          await calls.beDenied(`agent-${n}`, 2);
          await calls.fail(`agent-${n}`, 2);
          await calls.beUnknown(`stranger-${n}`);
          await calls.ask(`agent-${n}`, index === 0 ? 'main' : 'master');
          await alertsOf(service);
        }),
      ),
    );
    await Promise.all(services.map((service) => alertsOf(service)));
    const alerts = await alertsOf(services[0]!);
    const told = alerts.map(({ rule, agent }) => `${rule} ${agent.name}`).sort();
    const expected = upTo(5).flatMap((n) => [
      `often agent-${n}`,
      `failing agent-${n}`,
      `stranger stranger-${n}`,
    ]);
    expect(told).toEqual([...expected, 'queue system'].sort());
    expect(await alertsOf(services[1]!)).toEqual(alerts);
  });
});
