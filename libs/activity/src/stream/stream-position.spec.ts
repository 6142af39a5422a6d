import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { aPrincipal, type Connection, EPOCH, HubHarness } from '../../test/hub.harness.js';
import { anEvent } from '../../test/recorded-event.factory.js';
import type { StreamListener } from '../../test/stream-listener.js';
import type { StreamPosition } from './encoding.js';
import { StreamFilter } from './stream-filter.js';

const KIB = 1024;
const DENIED = new StreamFilter({ decisions: ['denied'] });

Logger.overrideLogger(false);

let harness: HubHarness;

function follow(since: StreamPosition | null = null): Promise<Connection> {
  return harness.connect(aPrincipal('p-1'), (client) => harness.feed.begin(client, DENIED, since));
}
const record = (rbacDecision: string, operationDetail = ''): void =>
  harness.log.record(anEvent({ seq: harness.log.position + 1, rbacDecision, operationDetail }));
const positionsOf = ({ frames }: StreamListener) =>
  frames.filter(({ type }) => type === 'position').map(({ data }) => data['seq']);

describe('the position of a subscription', () => {
  beforeEach(async () => (harness = await HubHarness.start({ maxWaitingBytes: 64 * KIB })));
  afterEach(() => harness.stop());

  it('is told with the stats where its frames do not tell it, once for each move', async () => {
    const { listener } = await follow();
    harness.hub.tellStats();
    record('allowed');
    record('allowed');
    harness.hub.tellStats();
    expect(await listener.next('position')).toEqual({
      type: 'position',
      data: { subscription: DENIED.id, epoch: EPOCH, seq: 2 },
      timestamp: '2026-01-05T10:00:00.000Z',
    });
    harness.hub.tellStats();
    record('denied');
    harness.hub.tellStats();
    record('allowed');
    harness.hub.tellStats();
    record('denied');
    await listener.recorded(2);
    expect(positionsOf(listener)).toEqual([2, 4]);
  });

  it('is told to nobody whom all is for', async () => {
    const { listener } = await harness.connect();
    record('allowed');
    harness.hub.tellStats();
    record('denied');
    await listener.recorded(2);
    expect(positionsOf(listener)).toEqual([]);
  });

  it('is told to each of those alone who have not been told it', async () => {
    const early = await follow();
    record('allowed');
    const late = await follow();
    harness.hub.tellStats();
    record('denied');
    for (const { listener } of [early, late]) await listener.recorded(1);
    expect([early, late].map(({ listener }) => positionsOf(listener))).toEqual([[1], []]);
  });

  it('is not told during a replay', async () => {
    record('denied');
    record('allowed');
    const { listener } = await harness.connect(aPrincipal('p-1'), (client) => {
      harness.feed.begin(client, DENIED, { epoch: EPOCH, seq: 0 });
      harness.hub.tellStats();
    });
    await listener.next('live');
    record('allowed');
    harness.hub.tellStats();
    await listener.next('position');
    expect(positionsOf(listener)).toEqual([3]);
  });

  it('is not told while frames are missing: not before it has resumed', async () => {
    const { listener, client, socket } = await follow();
    listener.ws.pause();
    for (let behind = 0; behind < 2;) {
      record('denied', 'x'.repeat(100 * KIB));
      await new Promise((resolve) => setImmediate(resolve));
      behind += socket.writableLength > 64 * KIB ? 1 : 0;
    }
    record('allowed');
    harness.hub.tellStats();
    listener.ws.resume();
    const { data } = await listener.next('lagged');
    record('allowed');
    harness.hub.tellStats();
    harness.feed.begin(client, DENIED, { epoch: EPOCH, seq: Number(data['from_seq']) - 1 });
    await listener.next('live');
    expect(positionsOf(listener)).toEqual([]);
    record('allowed');
    harness.hub.tellStats();
    await listener.next('position');
    expect(positionsOf(listener)).toEqual([harness.log.position]);
  });
});
