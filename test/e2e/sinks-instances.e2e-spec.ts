import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { TestService } from '../support/service.js';
import { newTestStore } from '../support/store.js';
import { isSignedWith, WebhookReceiver } from '../support/webhook-receiver.js';

describe('two services on one store', () => {
  const store = newTestStore();
  let services: TestService[];
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    const start = () => TestService.start({ RBAC_ENABLED: 'true' }, store);
    services = [await start(), await start()];
    receiver = await WebhookReceiver.start();
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await receiver.close();
    await store.remove();
  });

  const lag = async (): Promise<number> =>
    (await services.at(-1)!.request('GET', '/audit/sinks')).body[0].lag as number;

  it('deliver to a sink one at a time, each entry once', async () => {
    receiver.behave = (_posted, response) => {
      setTimeout(() => response.writeHead(204).end(), 30);
      return null;
    };
    const body = { name: 'siem', target: receiver.url, from_seq: 1 };
    const { body: sink } = await services[0]!.request('POST', '/audit/sinks', body);
    const ingest = async (service: TestService): Promise<void> => {
      for (let batch = 0; batch < 20; batch += 1)
        await service.request(
          'POST',
          '/events/ingest/batch',
          Array.from({ length: 50 }, () => ({ operation_type: 'tool_use' })),
        );
    };
    await Promise.all(services.map(ingest));
    await eventually('the end of the log', async () => (await lag()) === 0);
    const numbers = receiver.posts.flatMap(({ body }) =>
      (body.entries as { seq: number }[]).map(({ seq }) => seq),
    );
    expect(numbers).toEqual(numbers.map((_seq, index) => index + 1));
    expect(numbers.length).toBeGreaterThanOrEqual(2_000);
    expect(receiver.mostAtOnce).toBe(1);
    expect(receiver.posts.every((posted) => isSignedWith(sink.secret as string, posted))).toBe(true);
  });

  it('have one key, which they alone can read', () => {
    const file = join(store.folder, 'sink-key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
  });

  it('go on with what another that ended was delivering', async () => {
    let asked = 0;
    receiver.behave = () => ((asked += 1) === 1 ? null : 204);
    const { body: entry } = await services[0]!.request('POST', '/events/ingest', {});
    await eventually('the attempt', () => asked === 1);
    // Whichever of them it is that waits for the answer.
    await services.pop()!.stop();
    services.unshift(await TestService.start({ RBAC_ENABLED: 'true' }, store));
    await eventually('the delivery', () => receiver.taken().includes(entry.seq as number));
    expect(receiver.taken()).toEqual([entry.seq]);
  });
});
