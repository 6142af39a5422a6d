import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { AuditRepository, LogTail } from '#audit';
import { type RecordedEvent, SystemClock } from '#kernel';
import { LogAuditTrail } from '../../libs/audit/src/log/audit-trail.js';
import { PostCommitEventBus } from '../../libs/persistence/src/post-commit-event-bus.js';
import { eventually } from '../support/eventually.js';
import { NoAgents } from '../support/no-agents.js';
import { anEvent, OpenedStore, upTo } from '../support/opened-store.js';
import { newTestStore } from '../support/store.js';

describe('the log tail, beside another process on the same store', () => {
  beforeAll(() => Logger.overrideLogger(false));
  const store = newTestStore();
  let here: OpenedStore;
  let there: OpenedStore;
  beforeAll(async () => {
    here = await OpenedStore.open(store);
    there = await OpenedStore.open(store);
  });
  afterAll(async () => {
    await here.close();
    await there.close();
    await store.remove();
  });

  // It comes first: behind what the other committed the tail looks at the store once more, and own commits wait for that.
  it('tells of own commits before they are answered, where nothing came between', async () => {
    const heard = here.listen();
    const { event } = await here.record();
    expect(heard).toEqual([event]);
  });

  it('tells of what the other committed', async () => {
    const heard = here.listen();
    const { event } = await there.record({ operationDetail: 'from there' });
    await eventually('the event of the other process', () => heard.length > 0);
    expect(heard).toEqual([event]);
  });

  it('tells of all, in order and once, while both commit, and both hear the same', async () => {
    const before = await here.sequence();
    await eventually('both sides up to date', () => there.tail.position === before.length);
    const [heardHere, heardThere] = [here.listen(), there.listen()];
    const clients = [here, there].flatMap((side) => upTo(8).map((n) => ({ side, n })));
    await Promise.all(
      clients.map(async ({ side, n }) => {
        for (const round of upTo(25)) await side.record({ operationDetail: `${n}/${round}` });
      }),
    );
    const all = upTo(before.length + 400).slice(before.length);
    await eventually('all events on both sides', () => heardHere.length + heardThere.length >= 800);
    expect(heardHere.map((event) => event.seq)).toEqual(all);
    expect(heardThere).toEqual(heardHere);
  });

  it('tells of a group that is larger than a page of its reading', async () => {
    const before = await here.sequence();
    const heard = here.listen();
    await Promise.all(upTo(1_400).map((n) => there.record({ operationDetail: `${n}` })));
    await eventually('all events', () => heard.length >= 1_400);
    expect(heard.map((event) => event.seq)).toEqual(upTo(before.length + 1_400).slice(before.length));
  });

  it('tells the other listeners although one throws', async () => {
    const stop = here.bus.subscribe(() => {
      throw new Error('deliberate');
    });
    const heard = here.listen();
    const { event } = await here.record();
    stop();
    expect(heard).toEqual([event]);
  });

  it('tells of what the other committed once the agent directory knows of it, and of own commits at once', async () => {
    const asked: { seqs: number[]; answer: () => void; fail: (error: Error) => void }[] = [];
    const directory = Object.assign(new NoAgents(), {
      catchUp: (events: readonly RecordedEvent[]) =>
        new Promise<void>((answer, fail) => {
          if (events.length === 0) answer();
          else asked.push({ seqs: events.map(({ seq }) => seq), answer, fail });
        }),
    });
    const heard: number[] = [];
    const bus = new PostCommitEventBus();
    bus.subscribe((events) => heard.push(...events.map(({ seq }) => seq)));
    const tail = new LogTail(new AuditRepository(here.reader), bus, directory);
    await tail.onModuleInit();
    const trail = new LogAuditTrail(new SystemClock(), tail);
    const record = async () =>
      (await here.writer.append(here.ctx, (tx) => trail.record(tx, anEvent()))).event?.seq;

    const own = await record();
    expect([heard, asked]).toEqual([[own], []]);
    const { event } = await there.record();
    await eventually('a question of the tail', () => asked.length === 1);
    const later = await record();
    expect(heard).toEqual([own]);
    asked[0]?.fail(new Error('deliberate'));
    await eventually('another question', () => asked.length === 2);
    expect([heard, asked[1]?.seqs]).toEqual([[own], [event?.seq, later]]);
    asked[1]?.answer();
    await eventually('all events', () => heard.length === 3);
    expect(heard).toEqual([own, event?.seq, later]);
    await tail.onModuleDestroy();
  });

  it('begins with what is committed after its start', async () => {
    const late = await OpenedStore.open(store);
    const heard = late.listen();
    const { event } = await there.record();
    await eventually('the first event after the start', () => heard.length > 0);
    expect(heard).toEqual([event]);
    await late.close();
  });
});
