import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#kernel';
import { eventually } from '../../../../test/support/eventually.js';
import { randomFrom } from '../../../../test/support/random.js';
import { aPrincipal, type Connection, EPOCH, HubHarness } from '../../test/hub.harness.js';
import { anEvent, CODER } from '../../test/recorded-event.factory.js';
import type { ReceivedFrame } from '../../test/stream-listener.js';
import { type FilterRequest, StreamFilter } from './stream-filter.js';

const OTHER = '0f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c22';
const ALL = new StreamFilter({});

Logger.overrideLogger(false);

let harness: HubHarness;

const upTo = (count: number, from = 1): number[] =>
  Array.from({ length: count - from + 1 }, (_, i) => from + i);
const events = (count: number, from = 1): RecordedEvent[] => upTo(count, from).map((seq) => anEvent({ seq }));

/** A client that begins behind `since`. */
function resume(
  since: number,
  filter = ALL,
  principal = aPrincipal('p-1'),
  epoch = EPOCH,
): Promise<Connection> {
  return harness.connect(principal, (client) => harness.feed.begin(client, filter, { epoch, seq: since }));
}

/** What the requirement is on a subscription: each frame names the one before it. */
function expectContinuous(frames: readonly ReceivedFrame[], since: number): void {
  let position = since;
  for (const { seq = 0, prev_seq: previous = 0 } of frames) {
    expect(previous).toBeLessThanOrEqual(position);
    expect(seq).toBeGreaterThan(position);
    position = seq;
  }
}

describe('a replay', () => {
  afterEach(() => harness.stop());

  it('sends what was missed, then goes live, without a gap or a repeat', async () => {
    harness = await HubHarness.start();
    harness.log.record(...events(1_000));
    const { listener } = await resume(400);
    harness.log.record(...events(1_003, 1_001));
    await listener.recorded(603);
    expect(listener.sequence).toEqual(upTo(1_003, 401));
    expectContinuous(listener.entries, 400);
    const types = listener.frames.map(({ type }) => type);
    expect(types.indexOf('live')).toBeGreaterThan(types.indexOf('subscribed'));
  });

  it('sends nothing twice and leaves nothing out for anyone, whatever arrives while clients come and go', async () => {
    const random = randomFrom(20_261_129);
    const below = (n: number): number => Math.floor(random() * n);
    harness = await HubHarness.start();
    const filters: FilterRequest[] = [
      {},
      { agents: [CODER] },
      { decisions: ['denied'] },
      { types: ['rbac_decision'], agents: [CODER, OTHER], decisions: ['allowed', 'denied'] },
      { roles: ['reviewer'] },
    ];
    const made: RecordedEvent[] = [];
    const make = (): RecordedEvent => {
      const event = anEvent({
        seq: made.length + 1,
        agentId: [CODER, OTHER, 'unknown'][below(3)] ?? '',
        agentRole: ['developer', 'reviewer'][below(2)] ?? '',
        rbacDecision: ['allowed', 'denied', 'unknown'][below(3)] ?? '',
        operationType: ['tool_use', 'budget.deduct', 'sink.none'][below(3)] ?? '',
        source: below(2) === 0 ? 'reported' : 'decided',
        context: '{}',
      });
      made.push(event);
      return event;
    };
    harness.log.record(...Array.from({ length: 700 }, make));

    interface Reader {
      readonly filter: StreamFilter;
      readonly agentId: string | null;
      readonly begun: number;
      readonly frames: ReceivedFrame[];
      connection: Connection;
    }
    const positionOf = ({ frames, begun }: Reader): number => frames.at(-1)?.seq ?? begun;
    const open = (reader: Omit<Reader, 'connection'>, since: number): Promise<Connection> =>
      resume(since, reader.filter, aPrincipal(`p-${reader.agentId}`, reader.agentId));
    const readers: Reader[] = [];
    for (let i = 0; i < 12; i += 1) {
      const reader = {
        filter: new StreamFilter(filters[below(filters.length)] ?? {}),
        agentId: below(4) === 0 ? OTHER : null,
        begun: below(made.length + 1),
        frames: [],
      };
      readers.push({ ...reader, connection: await open(reader, reader.begun) });
    }
    const keep = (reader: Reader): void => {
      reader.frames.push(...reader.connection.listener.entries);
    };
    for (let round = 0; round < 150; round += 1) {
      harness.log.record(...Array.from({ length: 1 + below(40) }, make));
      if (below(10) === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      else await new Promise((resolve) => setImmediate(resolve));
      const reader = readers[below(readers.length)];
      if (!reader || below(2) > 0) continue;
      // Whatever has arrived is kept; whatever is on its way is lost, and asked for again.
      reader.connection.listener.ws.terminate();
      await reader.connection.listener.closed;
      keep(reader);
      reader.connection = await open(reader, positionOf(reader));
    }
    const last = make();
    harness.log.record(last);
    for (const reader of readers) {
      const expected = made.filter(
        (event) =>
          event.seq > reader.begun &&
          (reader.agentId === null || event.agentId === reader.agentId) &&
          isFramed(event) &&
          matches(event, reader.filter.toRequest()),
      );
      const missing = (): number => expected.length - reader.frames.length;
      await reader.connection.listener.recorded(missing());
      keep(reader);
      expect(reader.frames.map(({ seq }) => seq)).toEqual(expected.map(({ seq }) => seq));
      expectContinuous(reader.frames, reader.begun);
    }
  });

  function isFramed({ source, operationType }: RecordedEvent): boolean {
    return source === 'reported' || operationType === 'budget.deduct';
  }

  function matches(event: RecordedEvent, { types, agents, roles, decisions }: FilterRequest): boolean {
    const type = event.source === 'reported' ? 'rbac_decision' : 'budget_updated';
    const holds = (values: readonly string[] | undefined, value: string): boolean =>
      values?.includes(value) ?? true;
    return (
      holds(types, type) &&
      holds(agents, event.agentId) &&
      holds(roles, event.agentRole) &&
      holds(decisions, event.rbacDecision)
    );
  }

  it('reads the store once for many that come back to the same place', async () => {
    harness = await HubHarness.start();
    harness.log.record(...events(256));
    const clients = await Promise.all(Array.from({ length: 20 }, () => resume(0)));
    await Promise.all(clients.map(({ listener }) => listener.recorded(256)));
    for (const { listener } of clients) expect(listener.sequence).toEqual(upTo(256));
    expect(harness.log.readings).toBeLessThan(20);
  });

  it('does not take a page for the end that was read before the newest entry came', async () => {
    harness = await HubHarness.start();
    harness.log.record(...events(10));
    await harness.connect();
    const reading = harness.feed.stored(9);
    const late = resume(9);
    harness.log.record(anEvent({ seq: 11 }));
    await reading;
    const { listener } = await late;
    await listener.recorded(2);
    expect(listener.sequence).toEqual([10, 11]);
  });

  it('waits for entries that another instance has announced and this one has not', async () => {
    harness = await HubHarness.start();
    harness.log.record(...events(10));
    const ahead = anEvent({ seq: 11 });
    harness.log.entries.set(11, ahead);
    const { listener } = await resume(11);
    harness.log.record(ahead, anEvent({ seq: 12 }));
    await listener.recorded(1);
    expect(listener.sequence).toEqual([12]);
  });

  it.each<[what: string, since: number, epoch: string]>([
    ['retention has removed some of it', 40, EPOCH],
    ['the position is of another log', 90, 'e2'],
    ['the position is ahead of the log', 101, EPOCH],
  ])('says that history is lost where %s, and goes on from now', async (_what, since, epoch) => {
    harness = await HubHarness.start();
    harness.log.record(...events(100));
    harness.log.remove(50);
    const { listener } = await resume(since, ALL, aPrincipal('p-1'), epoch);
    const lost = await listener.next('history_lost');
    expect(lost.data).toEqual({ subscription: 'all', oldest_seq: 51, epoch: EPOCH, seq: 100 });
    harness.log.record(anEvent({ seq: 101 }));
    await listener.recorded(1);
    expect(listener.sequence).toEqual([101]);
  });

  it('replays what is left behind the oldest entry', async () => {
    harness = await HubHarness.start();
    harness.log.record(...events(100));
    harness.log.remove(50);
    const { listener } = await resume(50);
    await listener.recorded(50);
    expect(listener.sequence).toEqual(upTo(100, 51));
  });

  it('says so where retention passes a replay that is under way', async () => {
    harness = await HubHarness.start();
    harness.log.record(...events(1_000));
    const { listener } = await harness.connect(aPrincipal('p-1'), (client) => {
      harness.feed.begin(client, ALL, { epoch: EPOCH, seq: 0 });
      setImmediate(() => harness.log.remove(900));
    });
    await listener.next('history_lost');
    const got = listener.sequence.length;
    expect(listener.sequence).toEqual(upTo(got));
    expect(got).toBeLessThan(900);
  });

  it('shows nobody again what was erased meanwhile', async () => {
    harness = await HubHarness.start();
    await harness.connect();
    harness.log.record(...events(3));
    harness.log.entries.set(2, anEvent({ seq: 2, operationDetail: null, erased: true }));
    harness.log.record(anEvent({ seq: 4, source: 'decided', operationType: 'audit.erase' }));
    const { listener } = await resume(1);
    await listener.recorded(2);
    expect(listener.entries[0]).toMatchObject({ seq: 2, data: { operation_detail: null } });
  });

  it('shows nobody what was erased while the replay waited for its reader', async () => {
    harness = await HubHarness.start();
    const text = 'x'.repeat(60_000);
    harness.log.record(...upTo(400).map((seq) => anEvent({ seq, operationDetail: text })));
    const { listener, socket } = await harness.connect(aPrincipal('p-1'), (client) =>
      harness.feed.begin(client, ALL, { epoch: EPOCH, seq: 0 }),
    );
    listener.ws.pause();
    await eventually('the replay to wait', () => socket.writableLength > 200_000);
    for (const seq of upTo(400))
      harness.log.entries.set(seq, anEvent({ seq, operationDetail: null, erased: true }));
    harness.log.record(anEvent({ seq: 401, source: 'decided', operationType: 'audit.erase' }));
    listener.ws.resume();
    await listener.next('live');
    const shown = listener.entries.slice(0, 400).map(({ data }) => data['operation_detail']);
    expect(listener.sequence.slice(0, 400)).toEqual(upTo(400));
    // What was written before is with the kernel; nothing that came later shows the text.
    const erasedFrom = shown.indexOf(null);
    expect(erasedFrom).toBeGreaterThan(0);
    expect(new Set(shown.slice(erasedFrom))).toEqual(new Set([null]));
  });

  it('lets go of what retention removes, though no entry tells of it yet', async () => {
    harness = await HubHarness.start();
    await harness.connect();
    harness.log.record(...events(300));
    harness.log.remove(200);
    harness.hub.checkLog();
    const { listener } = await resume(0);
    expect((await listener.next('history_lost')).data).toMatchObject({ oldest_seq: 201 });
    expect(listener.sequence).toEqual([]);
  });

  it('sends everyone away when another log begins in the store', async () => {
    harness = await HubHarness.start();
    const { listener } = await harness.connect();
    harness.log.epoch = 'e9';
    harness.log.record(anEvent({ seq: 1, source: 'decided', operationType: 'audit.log_begin' }));
    expect((await listener.closed).code).toBe(1013);
    const back = await resume(0);
    expect((await back.listener.next('history_lost')).data).toMatchObject({ epoch: 'e9' });
  });

  it('knows of another log that began while nobody was connected', async () => {
    harness = await HubHarness.start();
    harness.log.epoch = 'e9';
    harness.hub.checkLog();
    await new Promise((resolve) => setImmediate(resolve));
    const { listener } = await resume(0);
    expect((await listener.next('history_lost')).data).toMatchObject({ epoch: 'e9' });
  });
});
