import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { appendEach, type PendingEvent, type Sink, type TransactionContext } from '#kernel';
import { insertRows, storeOf } from '#persistence';
import { anEvent, OpenedStore, upTo } from '../support/opened-store.js';
import { newTestStore } from '../support/store.js';

const COLUMNS = ['account', 'day', 'tokens_used', 'cost_micro'];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Writes accounts; null breaks a constraint. */
const accounts: Sink<string | null> = {
  name: 'accounts',
  order: 1,
  flush: (tx, rows) =>
    insertRows(
      storeOf(tx),
      'budget_usage',
      COLUMNS,
      rows.map((account) => [account, 'day', 1, 1]),
    ),
};

describe('a unit of work inside another', () => {
  beforeAll(() => Logger.overrideLogger(false));
  const store = newTestStore();
  let opened: OpenedStore;
  beforeAll(async () => {
    opened = await OpenedStore.open(store);
  });
  afterAll(async () => {
    await opened.close();
    await store.remove();
  });

  const written = async (prefix: string): Promise<string[]> => {
    const rows = await opened.reader.query<{ account: string }>(
      'SELECT account FROM budget_usage ORDER BY account',
    );
    return rows.map(({ account }) => account).filter((account) => account.startsWith(prefix));
  };
  const add = (ctx: TransactionContext, account: string | null) =>
    opened.writer.append(ctx, (step) => step.tx.add(accounts, account));
  const record = (ctx: TransactionContext, detail: string): Promise<PendingEvent> =>
    opened.writer.append(ctx, (step) => opened.trail.record(step, anEvent({ operationDetail: detail })));

  it('has its rows written and its entries placed when it ends', async () => {
    const { ctx, writer } = opened;
    const neighbours = upTo(3).map((n) => opened.record({ operationDetail: `neighbour ${n}` }));
    const places = await writer.run(ctx, async (tx) => {
      await add(tx, 'placed');
      const seen = await storeOf(tx).query(`SELECT 1 AS one FROM budget_usage WHERE account = 'placed'`);
      const events = [await record(tx, 'a'), await record(tx, 'b')];
      return [seen.length, ...events.map(({ event }) => event?.seq)];
    });
    await Promise.all([...neighbours, opened.record()]);
    expect(places).toEqual([1, expect.any(Number), (places[1] as number) + 1]);
    const sequence = await opened.sequence();
    expect(sequence).toEqual(upTo(sequence.length));
  });

  it('leaves nothing where it fails, and what it is part of goes on', async () => {
    const { ctx, writer } = opened;
    const before = await opened.sequence();
    const heard = opened.listen();
    const effects: string[] = [];
    await writer.run(ctx, async (tx) => {
      await add(tx, 'kept 1');
      await expect(
        writer.run(tx, async (step) => {
          await add(step, 'lost');
          await record(step, 'lost');
          step.tx.afterCommit(() => effects.push('lost'));
          throw new Error('deliberate');
        }),
      ).rejects.toThrow('deliberate');
      await expect(add(tx, null)).rejects.toThrow();
      tx.tx.afterCommit(() => effects.push('kept'));
      await record(tx, 'kept');
      await add(tx, 'kept 2');
    });
    expect([await written('kept'), await written('lost'), effects]).toEqual([
      ['kept 1', 'kept 2'],
      [],
      ['kept'],
    ]);
    expect((await opened.sequence()).length).toBe(before.length + 1);
    expect(heard.map(({ operationDetail }) => operationDetail)).toEqual(['kept']);
  });

  it('takes its rows along where the whole fails later', async () => {
    const { ctx, writer } = opened;
    const before = await opened.sequence();
    const heard = opened.listen();
    const failing = writer.run(ctx, async (tx) => {
      await add(tx, 'undone');
      await record(tx, 'undone');
      throw new Error('deliberate');
    });
    const [, bystander] = await Promise.all([
      expect(failing).rejects.toThrow('deliberate'),
      opened.record({ operationDetail: 'bystander' }),
    ]);
    expect([await written('undone'), bystander.event?.seq]).toEqual([[], before.length + 1]);
    expect(heard.map(({ operationDetail }) => operationDetail)).toEqual(['bystander']);
  });

  it('comes after the ones before it, however many are begun at once', async () => {
    const { ctx, writer } = opened;
    const steps: string[] = [];
    await writer.run(ctx, (tx) =>
      Promise.all(
        ['a', 'b', 'c'].map((name) =>
          writer.run(tx, async (step) => {
            for (const n of [1, 2]) {
              steps.push(`${name}${n}`);
              await writer.run(step, (inner) => add(inner, `row ${name}${n}`));
              await turn();
            }
          }),
        ),
      ),
    );
    expect(steps).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
    expect(await written('row')).toEqual(steps.map((name) => `row ${name}`));
  });

  it('breaks off where nobody waits for it any more', async () => {
    const { ctx, writer } = opened;
    const failing = writer.run(ctx, (tx) =>
      Promise.all([
        writer.run(tx, () => Promise.reject(new Error('the first'))),
        ...upTo(5).map((n) =>
          writer.run(tx, async (step) => {
            await turn();
            await add(step, `left ${n}`);
          }),
        ),
      ]),
    );
    await expect(failing).rejects.toThrow('the first');
    await opened.record();
    expect(await written('left')).toEqual([]);
  });

  it('fails for none but itself among many', async () => {
    const { ctx, writer } = opened;
    const values = ['each 1', null, 'each 2', 'each 3'].map((value) => ({ value }));
    const outcomes = await writer.run(ctx, (tx) =>
      appendEach(writer, tx, values, (step, value) => step.tx.add(accounts, value)),
    );
    expect(outcomes.map((outcome) => 'value' in outcome)).toEqual([true, false, true, true]);
    expect(await written('each')).toEqual(['each 1', 'each 2', 'each 3']);
  });
});
