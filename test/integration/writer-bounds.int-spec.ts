import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable, type TransactionContext } from '#kernel';
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
      Array.from({ length: 2_010 }, (_, index) => idle(`route ${index % 2}`)),
    );
    const refused = settled.filter((each) => each.status === 'rejected');
    expect(refused).toHaveLength(10);
    expect(refused[0]).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } });
    await expect(idle()).resolves.toBe(1);
    await opened.close();
    await store.remove();
  });
});

it('keeps room in its queue for other work than what fills it', async () => {
  const store = newTestStore();
  const opened = await OpenedStore.open(store);
  const idle = (route: string) => opened.writer.append({ ...opened.ctx, route }, () => 1);
  const flood = Promise.allSettled(Array.from({ length: 5_000 }, () => idle('a flood')));
  const others = await Promise.allSettled(Array.from({ length: 500 }, () => idle('another')));
  expect(others.every(({ status }) => status === 'fulfilled')).toBe(true);
  expect((await flood).filter(({ status }) => status === 'rejected')).toHaveLength(3_500);
  await expect(idle('a flood')).resolves.toBe(1);
  await opened.close();
  await store.remove();
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
