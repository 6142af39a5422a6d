import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StoreUnavailable, type TransactionContext } from '#kernel';
import { Writer } from '../../libs/persistence/src/writer.js';
import { anEvent, OpenedStore, upTo } from '../support/opened-store.js';
import { newTestStore } from '../support/store.js';

describe('the writer, at its bounds', () => {
  it('commits what waits when it is closed, and then refuses', async () => {
    const store = newTestStore();
    const opened = await OpenedStore.open(store);
    const waiting = upTo(50).map(() => opened.record());
    const closed = opened.writer.close();
    await expect(opened.record()).rejects.toBeInstanceOf(StoreUnavailable);
    await closed;
    expect((await Promise.all(waiting)).map((each) => each.event?.seq)).toEqual(upTo(50));
    await expect(opened.writer.run(opened.ctx, () => Promise.resolve())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await opened.close();
    await store.remove();
  });

  it('refuses what its queue cannot hold, and takes work again once it has caught up', async () => {
    const store = newTestStore();
    const opened = await OpenedStore.open(store);
    const idle = (route: string | null = null) => opened.writer.append({ ...opened.ctx, route }, () => 1);
    const settled = await Promise.allSettled(
      Array.from({ length: 2_010 }, (_, index) => idle(`route ${index}`)),
    );
    const refused = settled.filter((each) => each.status === 'rejected');
    expect(refused).toHaveLength(10);
    expect(refused[0]).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } });
    await expect(idle()).resolves.toBe(1);
    await opened.close();
    await store.remove();
  });
});

describe('the room in its queue', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  beforeAll(async () => {
    opened = await OpenedStore.open(test);
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  /** How many calls of each route a writer with room for `queueMax` takes, where all come at once in this order. */
  const taken = async (queueMax: number, routes: readonly string[]): Promise<Record<string, number>> => {
    const writer = new Writer(opened.store, queueMax);
    const idle = (route: string) => writer.append({ ...opened.ctx, route }, () => route);
    const found = Object.fromEntries(routes.map((route) => [route, 0]));
    for (const answer of await Promise.allSettled(routes.map(idle)))
      if (answer.status === 'fulfilled') found[answer.value] = (found[answer.value] ?? 0) + 1;
    await expect(idle('afterwards')).resolves.toBe('afterwards');
    return found;
  };
  const flood = (route: string): string[] => upTo(3_000).map(() => route);

  it('is three quarters for one kind of work', async () => {
    expect(await taken(2_000, [...flood('a'), 'z'])).toEqual({ a: 1_500, z: 1 });
    expect(await taken(16, [...flood('a'), 'z'])).toEqual({ a: 12, z: 1 });
  });

  it.each([
    [2, { a: 1_500, b: 375, z: 1 }],
    [3, { a: 1_500, b: 375, c: 94, z: 1 }],
  ])('is not used up by %i kinds that come one after another', async (count, expected) => {
    const floods = ['a', 'b', 'c'].slice(0, count);
    expect(await taken(2_000, [...floods.flatMap(flood), 'z'])).toEqual(expected);
  });

  it.each([
    [2, { a: 858, b: 857, z: 1 }],
    [3, { a: 600, b: 600, c: 600, z: 1 }],
  ])('is shared alike by %i kinds that come together', async (count, expected) => {
    const floods = ['a', 'b', 'c'].slice(0, count);
    const mixed = upTo(3_000).flatMap(() => floods);
    expect(await taken(2_000, [...mixed, 'z'])).toEqual(expected);
  });

  it('is enough for one of each kind while nothing waits, however small', async () => {
    const kinds = upTo(16).map((kind) => `kind ${kind}`);
    expect(await taken(16, kinds)).toEqual(Object.fromEntries(kinds.map((kind) => [kind, 1])));
    expect(await taken(16, [...flood('a'), ...flood('b'), 'z'])).toEqual({ a: 12, b: 3, z: 1 });
  });
});

describe('sequence numbers', () => {
  it('are unique, ordered and without gaps under 64 concurrent writers of mixed work', async () => {
    const store = newTestStore();
    const opened = await OpenedStore.open(store);
    const heard = opened.listen();
    const { ctx, writer, trail } = opened;
    const acknowledged: number[] = [];
    await Promise.all(
      upTo(64).map(async (client) => {
        let last = 0;
        for (const round of upTo(12)) {
          const kind = (client + round) % 4;
          const work = (tx: TransactionContext) => {
            const pending = [trail.record(tx, anEvent({ operationDetail: `${client}/${round}` }))];
            if (kind === 1) pending.push(trail.record(tx, anEvent()));
            return pending;
          };
          if (kind === 2) {
            const failing = writer.run(ctx, (tx) => {
              work(tx);
              return Promise.reject(new Error('deliberate'));
            });
            await expect(failing).rejects.toThrow();
            continue;
          }
          const pending =
            kind === 3
              ? await writer.append(ctx, work)
              : await writer.run(ctx, (tx) => Promise.resolve(work(tx)));
          const given = pending.map((each) => each.event?.seq ?? NaN);
          expect(given[0]).toBeGreaterThan(last);
          last = given.at(-1) ?? last;
          acknowledged.push(...given);
        }
      }),
    );
    const all = upTo(acknowledged.length);
    expect(acknowledged.sort((a, b) => a - b)).toEqual(all);
    expect(await opened.sequence()).toEqual(all);
    expect(heard.map((event) => event.seq)).toEqual(all);
    await opened.close();
    await store.remove();
  });
});
