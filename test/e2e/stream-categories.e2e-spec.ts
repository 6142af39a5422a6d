import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ReceivedFrame, StreamListener } from '../../libs/activity/test/stream-listener.js';
import { register } from '../support/access-calls.js';
import { ADMIN_KEY, TestService } from '../support/service.js';
import { newTestStore, type TestStore } from '../support/store.js';

const FILTER = 'category=quality';

describe('a subscription by category', () => {
  let store: TestStore;
  let services: TestService[];
  let open: StreamListener[];
  beforeEach(() => {
    store = newTestStore();
    [services, open] = [[], []];
  });
  afterEach(async () => {
    for (const { ws, closed } of open) {
      ws.terminate();
      await closed;
    }
    await Promise.all(services.map((service) => service.stop()));
    await store.remove();
  });

  /** The first service registers an agent of the category, whose entries mark places of the log. */
  async function start(): Promise<TestService> {
    const service = await TestService.start({ RBAC_ENABLED: 'true' }, store);
    if (services.push(service) === 1) await aReviewer(service, 'marker');
    return service;
  }
  async function listen(service: TestService, query = FILTER): Promise<StreamListener> {
    const listener = await StreamListener.connect(`${service.origin.replace('http', 'ws')}/ws?${query}`, {
      headers: { 'x-api-key': ADMIN_KEY },
    });
    open.push(listener);
    await listener.next('subscribed');
    return listener;
  }
  const ingest = async (service: TestService, agentId: string): Promise<number> =>
    (await service.request('POST', '/events/ingest', { agent_id: agentId, operation_type: 'tool_use' })).body
      .seq as number;
  const aReviewer = (service: TestService, name = 'reviewer') =>
    register(service, name, { role: 'reviewer', metadata_category: 'quality' });
  const change = (service: TestService, name: string, category: string) =>
    service.request('PUT', `/agents/${name}`, { metadata_category: category });
  const retire = (service: TestService, name: string) => service.request('DELETE', `/agents/${name}`);

  const withoutMarks = (frames: readonly ReceivedFrame[]) =>
    frames.filter(({ data }) => data['agent_name'] !== 'marker');
  /** What came to a client before the mark with that `seq`. */
  async function before(mark: number, listener: StreamListener): Promise<readonly ReceivedFrame[]> {
    while (listener.ws.readyState === listener.ws.OPEN && (listener.sequence.at(-1) ?? 0) < mark)
      await listener.received(listener.frames.length + 1);
    return withoutMarks(listener.entries);
  }
  /** What has come to a client of what was recorded until now. */
  const heard = async (service: TestService, listener: StreamListener) =>
    before(await ingest(service, 'marker'), listener);
  /** What comes to one who begins with the whole log. */
  async function replayed(service: TestService): Promise<readonly ReceivedFrame[]> {
    const { body } = await service.request('GET', '/activity?after_seq=0&limit=1');
    return heard(service, await listen(service, `${FILTER}&since=0&epoch=${body.epoch}`));
  }
  async function paged(service: TestService): Promise<readonly ReceivedFrame[]> {
    const { body } = await service.request('GET', `/activity?after_seq=0&limit=200&${FILTER}`);
    return withoutMarks(body.frames as ReceivedFrame[]);
  }
  const told = (frames: readonly ReceivedFrame[]) =>
    frames.map(({ type, data }) => `${type} ${String(data['agent_name'])}`);
  const withoutPlace = (frames: readonly ReceivedFrame[]) =>
    frames.map(({ seq, type, data }) => ({ seq, type, data }));

  it('is told of the end of an agent of it', async () => {
    const service = await start();
    await aReviewer(service);
    const listener = await listen(service);
    await retire(service, 'reviewer');
    expect(told(await heard(service, listener))).toEqual(['agent_retired reviewer']);
  });

  it('is replayed what an agent did that has been retired since', async () => {
    const service = await start();
    const { id } = await aReviewer(service);
    await ingest(service, id);
    await retire(service, 'reviewer');
    const { id: successor } = await register(service, 'reviewer', { metadata_category: 'foundry' });
    await ingest(service, successor);
    await ingest(service, id);
    const expected = [
      'agent_registered reviewer',
      'rbac_decision reviewer',
      'agent_retired reviewer',
      `rbac_decision ${id}`,
    ];
    expect(told(await replayed(service))).toEqual(expected);
    expect(told(await paged(service))).toEqual(expected);
  });

  it('is replayed the same after a restart of the service', async () => {
    const service = await start();
    const { id } = await aReviewer(service);
    await change(service, 'reviewer', 'foundry');
    await change(service, 'reviewer', 'quality');
    await retire(service, 'reviewer');
    await ingest(service, id);
    const frames = await replayed(service);
    await service.stop();
    services = [await TestService.start({ RBAC_ENABLED: 'true' }, store)];
    expect(frames).toHaveLength(5);
    expect(withoutPlace(await replayed(services[0]!))).toEqual(withoutPlace(frames));
  });

  it('is told by one service of what another records, and is replayed the same', async () => {
    const [there, here] = [await start(), await start()];
    const listener = await listen(here);
    await aReviewer(there);
    await heard(there, listener);
    await retire(there, 'reviewer');
    const { id } = await aReviewer(there);
    await heard(there, listener);
    await change(there, 'reviewer', 'foundry');
    await register(there, 'passing', { metadata_category: 'foundry' });
    await heard(there, listener);
    await change(there, 'reviewer', 'quality');
    await heard(there, listener);
    await ingest(there, id);
    await retire(there, 'reviewer');
    await ingest(there, id);
    const live = await heard(there, listener);
    expect(told(live)).toEqual([
      'agent_registered reviewer',
      'agent_retired reviewer',
      'agent_registered reviewer',
      'agent_updated reviewer',
      'rbac_decision reviewer',
      'agent_retired reviewer',
      `rbac_decision ${id}`,
    ]);
    for (const service of [here, there]) {
      const frames = await replayed(service);
      // The change that took it out of the category: it is in it again.
      const [left] = frames.filter(({ seq }) => !live.some((frame) => frame.seq === seq));
      expect(left).toMatchObject({ type: 'agent_updated' });
      expect(withoutPlace(frames.filter((frame) => frame !== left))).toEqual(withoutPlace(live));
    }
  });

  it('shows one service at once, by pages, what another has recorded', async () => {
    const [there, here] = [await start(), await start()];
    await aReviewer(there);
    expect(told(await paged(here))).toEqual(['agent_registered reviewer']);
    await retire(there, 'reviewer');
    expect(told(await paged(here))).toEqual(['agent_registered reviewer', 'agent_retired reviewer']);
  });
});
