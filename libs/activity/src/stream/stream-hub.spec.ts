import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#kernel';
import { aPrincipal, type Connection, EPOCH, HubHarness } from '../../test/hub.harness.js';
import { anEvent, CODER } from '../../test/recorded-event.factory.js';
import { eventually } from '../../../../test/support/eventually.js';
import { NO_FILTER } from './stream-filter.js';

const KIB = 1024;
const OTHER = '0f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c22';

Logger.overrideLogger(false);

let harness: HubHarness;

async function start(...limits: Parameters<typeof HubHarness.start>): Promise<HubHarness> {
  return (harness = await HubHarness.start(...limits));
}

function connectAll(count: number): Promise<Connection[]> {
  return Array.from({ length: count }).reduce<Promise<Connection[]>>(
    async (connected) => [...(await connected), await harness.connect()],
    Promise.resolve([]),
  );
}

/** An event whose id counts how often it was read, which a serialisation does once. */
function aCountedEvent(): { event: RecordedEvent; reads: () => number } {
  let reads = 0;
  const event = Object.defineProperty(anEvent(), 'auditId', { get: () => `read ${++reads}` });
  return { event, reads: () => reads };
}

describe('StreamHub', () => {
  afterEach(() => harness.stop());

  it('sends every client every frame whole and in order, whatever else goes over its socket', async () => {
    await start();
    const connections = await connectAll(5);
    const details = [
      '',
      'ä',
      'x'.repeat(125),
      'x'.repeat(126),
      'x'.repeat(70 * KIB),
      '✓'.repeat(100 * KIB),
      'end',
    ];
    const expected: { seq: number; detail: string }[] = [];
    for (let round = 0; round < 10; round++) {
      const events = details.map((operationDetail, i) =>
        anEvent({ seq: round * details.length + i + 1, operationDetail }),
      );
      expected.push(...events.map(({ seq, operationDetail }) => ({ seq, detail: operationDetail ?? '' })));
      const answered = connections.map(({ ws }) => once(ws, 'pong'));
      const asked = connections.map(({ listener }) => once(listener.ws, 'pong'));
      for (const { listener } of connections) listener.ws.ping('p'.repeat(125));
      harness.log.record(...events.slice(0, 3));
      harness.hub.checkLiveness();
      harness.log.record(...events.slice(3));
      await Promise.all([...answered, ...asked]);
      await Promise.all(connections.map(({ listener }) => listener.recorded(expected.length)));
    }
    for (const { listener } of connections) {
      expect(listener.entries.map(({ seq, data }) => ({ seq, detail: data['operation_detail'] }))).toEqual(
        expected,
      );
    }
    expect(harness.hub.connections).toBe(5);
  });

  it('serialises an event once for all clients', async () => {
    await start();
    const connections = await connectAll(3);
    const { event, reads } = aCountedEvent();
    harness.log.record(event);
    await Promise.all(connections.map(({ listener }) => listener.recorded(1)));
    expect(reads()).toBe(1);
  });

  it('serialises nothing that nobody may see', async () => {
    await start();
    const { event, reads } = aCountedEvent();
    harness.log.record(event);
    await harness.connect(aPrincipal('bound', OTHER));
    harness.log.record(event);
    expect(reads()).toBe(0);
  });

  it('shows a principal that is bound to an agent the events of that agent alone', async () => {
    await start();
    const all = await harness.connect();
    const coder = await harness.connect(aPrincipal('coder-key', CODER));
    const other = await harness.connect(aPrincipal('other-key', OTHER));
    harness.log.record(anEvent({ seq: 1 }), anEvent({ seq: 2, agentId: OTHER }), anEvent({ seq: 3 }));
    harness.log.record(anEvent({ seq: 4, agentId: 'unknown' }));
    harness.log.record(anEvent({ seq: 5 }), anEvent({ seq: 6, agentId: OTHER }));
    await Promise.all([all.listener.recorded(6), coder.listener.recorded(3), other.listener.recorded(2)]);
    expect(all.listener.sequence).toEqual([1, 2, 3, 4, 5, 6]);
    expect(coder.listener.sequence).toEqual([1, 3, 5]);
    expect(other.listener.sequence).toEqual([2, 6]);
  });

  it('closes a client whose key was revoked, when the log tells of it', async () => {
    await start();
    const kept = await harness.connect(aPrincipal('kept'));
    const lost = await harness.connect(aPrincipal('lost'));
    harness.revoked.add('lost');
    harness.log.record(anEvent({ operationType: 'key.revoke', source: 'decided' }));
    expect(await lost.listener.closed).toMatchObject({ code: 1008 });
    harness.log.record(anEvent({ seq: 2 }));
    await eventually('the event to arrive', () => kept.listener.sequence.includes(2));
    expect(kept.listener.sequence.at(-1)).toBe(2);
    expect(lost.listener.sequence).not.toContain(2);
  });

  it('closes a client that may see less than it did, so that it comes back with less', async () => {
    await start();
    const before = await harness.connect();
    harness.audits = false;
    const later = await harness.connect();
    harness.hub.checkClients();
    expect(await before.listener.closed).toMatchObject({ code: 1008 });
    harness.log.record(
      anEvent({ seq: 1, source: 'decided', operationType: 'key.create' }),
      anEvent({ seq: 2 }),
    );
    harness.feed.begin(later.client, NO_FILTER, { epoch: EPOCH, seq: 0 });
    await later.listener.next('live');
    expect(later.listener.sequence).toEqual([2, 2]);
  });

  it('closes a client whose key expired without an event', async () => {
    await start();
    const { listener } = await harness.connect(aPrincipal('expiring'));
    harness.revoked.add('expiring');
    harness.hub.checkClients();
    expect(await listener.closed).toMatchObject({ code: 1008 });
  });

  it('ends a connection that did not answer the ping before', async () => {
    await start();
    const healthy = await harness.connect();
    const silent = await harness.connect();
    silent.listener.ws.pause();
    const answered = once(healthy.ws, 'pong');
    const ended = once(silent.ws, 'close');
    harness.hub.checkLiveness();
    await answered;
    harness.hub.checkLiveness();
    await ended;
    harness.log.record(anEvent());
    expect(await healthy.listener.recorded(1)).toHaveLength(1);
  });

  it('keeps the others going when one socket fails', async () => {
    await start();
    const broken = await harness.connect();
    const healthy = await harness.connect();
    broken.socket.write = () => {
      throw new Error('broken');
    };
    const ended = once(broken.ws, 'close');
    harness.log.record(anEvent());
    expect(await healthy.listener.recorded(1)).toHaveLength(1);
    await ended;
    expect(harness.hub.connections).toBe(1);
  });

  it('keeps the other events going when one cannot be framed', async () => {
    await start();
    const { listener } = await harness.connect();
    const broken = anEvent({ source: 'decided', operationType: 'agent.complete', context: '{' });
    harness.log.record(broken, anEvent({ seq: 2 }));
    await listener.recorded(1);
    expect(listener.sequence).toEqual([2]);
  });

  it('says goodbye to all with 1001, waits for those that answer and ends those that do not', async () => {
    await start({ closeGraceMs: 1 });
    const [first, second, silent] = (await connectAll(3)) as [Connection, Connection, Connection];
    silent.listener.ws.pause();
    harness.log.record(anEvent());
    await harness.hub.closeAll(1001, 'come back later');
    expect(harness.hub.connections).toBe(0);
    expect(harness.hub.isDraining()).toBe(true);
    for (const { listener } of [first, second]) {
      expect(await listener.closed).toEqual({ code: 1001, reason: 'come back later' });
      expect(listener.sequence).toEqual([1]);
    }
    const late = await harness.connect();
    expect(await late.listener.closed).toMatchObject({ code: 1001 });
  });
});
