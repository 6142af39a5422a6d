import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { aPrincipal, type Connection, EPOCH, HubHarness } from '../../test/hub.harness.js';
import { anEvent } from '../../test/recorded-event.factory.js';
import { eventually } from '../../../../test/support/eventually.js';
import { EventStreamOutlet } from './event-stream-outlet.js';
import { NO_FILTER } from './stream-filter.js';

const KIB = 1024;

Logger.overrideLogger(false);

let harness: HubHarness;

async function start(...limits: Parameters<typeof HubHarness.start>): Promise<HubHarness> {
  return (harness = await HubHarness.start(...limits));
}

/** Publishes large events, each when `reader` has the one before, until `done` says so. */
async function flood(reader: Connection, bytes: number, done: () => boolean): Promise<number> {
  const operationDetail = 'x'.repeat(bytes);
  let seq = harness.log.position;
  while (!done()) {
    harness.log.record(anEvent({ seq: ++seq, operationDetail }));
    await reader.listener.recorded(seq);
  }
  return seq;
}

/** Has whoever reads answer so many pings, one after the other. */
async function ping(reader: Connection, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const answered = once(reader.ws, 'pong');
    harness.hub.checkLiveness();
    await answered;
  }
}

/** Publishes until frames were left out for `slow`, which does not read meanwhile. */
async function lag(slow: Connection, reader: Connection): Promise<void> {
  slow.listener.ws.pause();
  let behind = 0;
  await flood(reader, 100 * KIB, () => {
    behind += slow.socket.writableLength > harness.hub.limits.maxWaitingBytes ? 1 : 0;
    return behind > 2;
  });
}

const laggedOf = ({ listener }: Connection) => listener.frames.filter(({ type }) => type === 'lagged');

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('a client that does not read', () => {
  afterEach(() => harness.stop());

  it('has frames left out, in bounded memory, and is told which', async () => {
    const maxWaitingBytes = 256 * KIB;
    await start({ maxWaitingBytes });
    const reader = await harness.connect();
    const slow = await harness.connect();
    slow.listener.ws.pause();
    let most = 0;
    let full = 0;
    const published = await flood(reader, 100 * KIB, () => {
      most = Math.max(most, slow.socket.writableLength);
      full += most > maxWaitingBytes ? 1 : 0;
      return full > 20;
    });
    expect(most).toBeLessThan(maxWaitingBytes + 102 * KIB);
    expect(reader.listener.sequence).toEqual(upTo(published));
    slow.listener.ws.resume();
    const { data } = await slow.listener.next('lagged');
    const got = slow.listener.sequence.length;
    expect(slow.listener.sequence).toEqual(upTo(got));
    expect(data).toEqual({ subscription: 'all', from_seq: got + 1, to_seq: published });
    harness.log.record(anEvent({ seq: published + 1 }));
    expect((await slow.listener.recorded(got + 1)).at(-1)).toMatchObject({
      seq: published + 1,
      prev_seq: published,
    });
  });

  it('resumes whole when it lagged, no faster than it reads', async () => {
    const maxWaitingBytes = 256 * KIB;
    await start({ maxWaitingBytes });
    const { listener, client, socket } = await harness.connect();
    const events = upTo(400).map((seq) => anEvent({ seq, operationDetail: 'x'.repeat(100 * KIB) }));
    harness.log.record(...events);
    const { data } = await listener.next('lagged');
    const from = data['from_seq'] as number;
    expect(listener.sequence).toEqual(upTo(from - 1));
    harness.feed.begin(client, NO_FILTER, { epoch: EPOCH, seq: from - 1 });
    listener.ws.pause();
    await eventually('the replay to wait for its reader', () => socket.writableLength > 0);
    expect(socket.writableLength).toBeLessThan(maxWaitingBytes);
    harness.log.record(anEvent({ seq: 401 }));
    listener.ws.resume();
    await listener.next('live');
    await listener.recorded(401);
    expect(listener.sequence).toEqual(upTo(401));
  });

  it('is closed with 1013 when it leaves frames unread for too long, and no other is', async () => {
    await start({ maxWaitingBytes: 64 * KIB, stalledMs: 0, closeGraceMs: 60_000 });
    const reader = await harness.connect();
    const slow = await harness.connect();
    slow.listener.ws.pause();
    const published = await flood(reader, 100 * KIB, () => {
      harness.hub.checkClients();
      return slow.ws.readyState !== slow.ws.OPEN;
    });
    slow.listener.ws.resume();
    expect(await slow.listener.closed).toMatchObject({ code: 1013 });
    expect(slow.listener.sequence).toEqual(upTo(slow.listener.sequence.length));
    harness.log.record(anEvent({ seq: published + 1 }));
    await reader.listener.recorded(published + 1);
  });

  it('is closed with 1013 when it stops reading a replay', async () => {
    await start({ maxWaitingBytes: 64 * KIB, stalledMs: 0, closeGraceMs: 1 });
    const events = upTo(200).map((seq) => anEvent({ seq, operationDetail: 'x'.repeat(100 * KIB) }));
    harness.log.record(...events);
    const { ws, listener, client } = await harness.connect(aPrincipal('p-1'), () => undefined);
    listener.ws.pause();
    harness.feed.begin(client, NO_FILTER, { epoch: EPOCH, seq: 0 });
    await eventually('the client to be closed', () => {
      harness.hub.checkClients();
      return ws.readyState !== ws.OPEN;
    });
  });

  it('is closed with 1013, and not cut off, when it stops with less before it than may wait', async () => {
    await start({ stalledMs: 100, closeGraceMs: 60_000 });
    const [reader, slow] = [await harness.connect(), await harness.connect()];
    slow.listener.ws.pause();
    const published = await flood(reader, 100 * KIB, () => slow.socket.writableLength > 0);
    await ping(reader, 3);
    await eventually('the client to be closed', () => {
      harness.hub.checkClients();
      return slow.ws.readyState !== slow.ws.OPEN;
    });
    slow.listener.ws.resume();
    expect(await slow.listener.closed).toMatchObject({ code: 1013 });
    expect(slow.listener.sequence).toEqual(upTo(published));
    harness.log.record(anEvent({ seq: published + 1 }));
    await reader.listener.recorded(published + 1);
  });

  it('has its event stream ended when it stops with less before it than may wait', async () => {
    await start({ stalledMs: 0 });
    const reader = await harness.connect();
    let outlet: EventStreamOutlet | undefined;
    const server = createServer((request, response) => {
      outlet = new EventStreamOutlet(response, request.socket, 1);
      harness.feed.begin(harness.hub.join(outlet, aPrincipal('p-1')), NO_FILTER, null);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const [response] = (await once(get({ port: (server.address() as AddressInfo).port }), 'response')) as [
      IncomingMessage,
    ];
    response.on('error', () => undefined).pause();
    await flood(reader, 100 * KIB, () => (outlet?.waitingBytes ?? 0) > 0);
    await eventually('the answer to end', () => {
      harness.hub.checkClients();
      return outlet?.isOpen === false;
    });
    response.destroy();
    server.close();
    await once(server, 'close');
  });

  it('is not cut off for pings that wait behind what it reads late', async () => {
    await start();
    const [reader, slow] = [await harness.connect(), await harness.connect()];
    slow.listener.ws.pause();
    const published = await flood(reader, 100 * KIB, () => slow.socket.writableLength > 0);
    await ping(reader, 3);
    slow.listener.ws.resume();
    await slow.listener.recorded(published);
    expect(slow.listener.sequence).toEqual(upTo(published));
    await ping(slow, 2);
  });

  it('is closed with 1013 when it lags too often, though it reads in between, and no other is', async () => {
    await start({ maxWaitingBytes: 64 * KIB, maxLags: 2, closeGraceMs: 1 });
    const [reader, slow] = [await harness.connect(), await harness.connect()];
    for (const times of [1, 2]) {
      await lag(slow, reader);
      slow.listener.ws.resume();
      await eventually('the client to be told', () => laggedOf(slow).length === times);
    }
    expect(slow.ws.readyState).toBe(slow.ws.OPEN);
    await lag(slow, reader);
    slow.listener.ws.resume();
    expect(await slow.listener.closed).toMatchObject({ code: 1013 });
    expect(laggedOf(slow)).toHaveLength(2);
    const { position } = harness.log;
    harness.log.record(anEvent({ seq: position + 1 }));
    await reader.listener.recorded(position + 1);
    expect(reader.listener.sequence).toEqual(upTo(position + 1));
  });

  it('may lag again when it has not for a while', async () => {
    await start({ maxWaitingBytes: 64 * KIB, maxLags: 1, lagsMs: 0 });
    const [reader, slow] = [await harness.connect(), await harness.connect()];
    for (const times of [1, 2, 3]) {
      await lag(slow, reader);
      slow.listener.ws.resume();
      await eventually('the client to be told', () => laggedOf(slow).length === times);
    }
    await ping(slow, 1);
  });

  it('keeps nobody waiting when all are sent away', async () => {
    await start({ maxWaitingBytes: 64 * KIB, maxLags: 0, closeGraceMs: 1 });
    const [reader, slow] = [await harness.connect(), await harness.connect()];
    await lag(slow, reader);
    expect(slow.ws.readyState).toBe(slow.ws.CLOSING);
    await harness.hub.closeAll();
    expect(harness.hub.connections).toBe(0);
  }, 20_000);
});
