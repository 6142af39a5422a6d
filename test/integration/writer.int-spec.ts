import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { StoreUnavailable, type Sink, type TransactionContext } from '#kernel';
import { insertRows, storeOf } from '#persistence';
import { anEvent, OpenedStore, upTo } from '../support/opened-store.js';
import { newTestStore } from '../support/store.js';

const COLUMNS = ['account', 'day', 'tokens_used', 'cost_micro'];

/** Writes accounts when the group commits; null breaks a constraint there. */
const accountSink: Sink<string | null> = {
  name: 'accounts',
  order: 1,
  flush: (tx, accounts) =>
    insertRows(
      storeOf(tx),
      'budget_usage',
      COLUMNS,
      accounts.map((account) => [account, 'flushed', 1, 1]),
    ),
};

/** Writes one row at once. */
async function insert(tx: TransactionContext, account: string | null, day = 'day'): Promise<void> {
  await insertRows(storeOf(tx), 'budget_usage', COLUMNS, [[account, day, 1, 1]]);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the writer', () => {
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

  /** How many rows each of `accounts` has. */
  async function rowsOf(...accounts: string[]): Promise<number[]> {
    const rows = await opened.reader.query<{ account: string }>('SELECT account FROM budget_usage');
    return accounts.map((account) => rows.filter((row) => row.account === account).length);
  }

  it('runs concurrent transactions one after another, and a rollback takes nothing of a bystander', async () => {
    const steps: string[] = [];
    const work = (name: string, fails: boolean) => async (tx: TransactionContext) => {
      for (const step of [1, 2, 3]) {
        steps.push(`${name}${step}`);
        await insert(tx, name, `day ${step}`);
        await turn();
      }
      if (fails) throw new Error(`${name} fails`);
      return name;
    };
    const { ctx, writer } = opened;
    const settled = await Promise.allSettled([
      writer.run(ctx, work('apple', false)),
      writer.append(ctx, (tx) => tx.tx.add(accountSink, 'bystander')),
      writer.run(ctx, work('pear', true)),
      writer.run(ctx, (tx) => insert(tx, 'onlooker')),
      writer.run(ctx, work('plum', false)),
    ]);
    expect(settled.map((each) => each.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(steps).toEqual([
      ...['apple', 'pear', 'plum'].flatMap((name) => [1, 2, 3].map((n) => `${name}${n}`)),
    ]);
    expect(await rowsOf('apple', 'bystander', 'pear', 'onlooker', 'plum')).toEqual([3, 1, 0, 1, 3]);
  });

  const failures: [string, (tx: TransactionContext) => Promise<void>][] = [
    ['before its statements', () => Promise.reject(new Error('deliberate'))],
    [
      'between its statements',
      async (tx) => {
        await insert(tx, 'loser');
        throw new Error('deliberate');
      },
    ],
    [
      'after its statements and rows',
      async (tx) => {
        await insert(tx, 'loser');
        tx.tx.add(accountSink, 'loser');
        opened.trail.record(tx, anEvent({ operationDetail: 'loser' }));
        throw new Error('deliberate');
      },
    ],
    [
      'by breaking a constraint',
      async (tx) => {
        await insert(tx, 'loser');
        await insert(tx, 'loser');
      },
    ],
    [
      'by a syntax error',
      async (tx) => {
        await insert(tx, 'loser');
        await storeOf(tx).query('SELECT FROM WHERE');
      },
    ],
    [
      'by rows that break a constraint when the group is written',
      (tx) => {
        tx.tx.add(accountSink, 'loser');
        tx.tx.add(accountSink, null);
        return Promise.resolve();
      },
    ],
    [
      'by an entry that breaks a constraint when the group is written',
      async (tx) => {
        await insert(tx, 'loser');
        opened.trail.record(tx, anEvent({ operationType: null as unknown as string }));
      },
    ],
  ];

  it.each(failures)('lets a unit fail alone that fails %s; the others commit once', async (how, fail) => {
    const { ctx, writer, trail } = opened;
    const effects: string[] = [];
    const before = await opened.sequence();
    const neighbours = upTo(6).map((n) => `${how} ${n}`);
    const work = (name: string) => (tx: TransactionContext) => {
      trail.record(tx, anEvent({ operationDetail: name }));
      tx.tx.add(accountSink, name);
      tx.tx.afterCommit(() => effects.push(name));
    };
    const run = (name: string) =>
      writer.run(ctx, async (tx) => {
        await insert(tx, name);
        work(name)(tx);
      });
    const append = (name: string) => writer.append(ctx, work(name));
    const units = neighbours.map((name, index) => (index % 2 === 0 ? run(name) : append(name)));
    const failing = writer.run(ctx, async (tx) => {
      tx.tx.afterCommit(() => effects.push('loser'));
      await fail(tx);
    });
    const later = [run(`${how} later`), append(`${how} last`)];
    await expect(failing).rejects.not.toBeInstanceOf(StoreUnavailable);
    await Promise.all([...units, ...later]);
    const names = [...neighbours, `${how} later`, `${how} last`];
    expect(await rowsOf('loser', ...names)).toEqual([0, 2, 1, 2, 1, 2, 1, 2, 1]);
    expect(effects).toEqual(names);
    expect(await opened.sequence()).toEqual(upTo(before.length + names.length));
  });

  it('lets an append fail alone whose row breaks a constraint, and one that throws', async () => {
    const { ctx, writer } = opened;
    const append = (account: string | null) => writer.append(ctx, (tx) => tx.tx.add(accountSink, account));
    const settled = await Promise.allSettled([
      append('early'),
      append(null),
      writer.append(ctx, (tx) => {
        tx.tx.add(accountSink, 'thrower');
        throw new Error('deliberate');
      }),
      append('late'),
    ]);
    expect(settled.map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(await rowsOf('early', 'thrower', 'late')).toEqual([1, 0, 1]);
  });

  it('joins the transaction of the context it is given', async () => {
    const { ctx, writer } = opened;
    const nested = (fails: boolean) =>
      writer.run(ctx, async (outer) => {
        await writer.run(outer, (inner) => insert(inner, `nested ${fails}`));
        const seen = await storeOf(outer).query(
          `SELECT account FROM budget_usage WHERE account = 'nested ${fails}'`,
        );
        await writer.append(outer, (inner) => inner.tx.add(accountSink, `nested row ${fails}`));
        if (fails) throw new Error('deliberate');
        return seen.length;
      });
    await expect(nested(true)).rejects.toThrow('deliberate');
    await expect(nested(false)).resolves.toBe(1);
    expect(await rowsOf('nested true', 'nested row true', 'nested false', 'nested row false')).toEqual([
      0, 0, 1, 1,
    ]);
  });

  it('rejects, and does not throw, where a nested append fails', async () => {
    const { ctx, writer } = opened;
    await writer.run(ctx, async (outer) => {
      const answer = writer.append(outer, () => {
        throw new Error('deliberate');
      });
      await expect(answer).rejects.toThrow('deliberate');
    });
  });

  it('refuses what a unit left running when it ended', async () => {
    const { ctx, writer } = opened;
    let goOn = (): void => undefined;
    const ended = new Promise<void>((resolve) => (goOn = resolve));
    const stray: Promise<unknown>[] = [];
    const failing = writer.run(ctx, (tx) => {
      const insertLate = ended.then(() => insert(tx, 'stray'));
      stray.push(
        insertLate,
        ended.then(() => tx.tx.add(accountSink, 'stray')),
      );
      return Promise.reject(new Error('deliberate'));
    });
    const next = writer.run(ctx, async (tx) => {
      goOn();
      for (const each of stray) await expect(each).rejects.toThrow('this unit of work has ended');
      await insert(tx, 'next');
    });
    await expect(failing).rejects.toThrow('deliberate');
    await next;
    expect(await rowsOf('stray', 'next')).toEqual([0, 1]);
  });

  it('runs effects once, in order, when another connection sees the change and before the answer', async () => {
    const { ctx, writer, reader } = opened;
    const told: string[] = [];
    const visible: Promise<unknown[]>[] = [];
    const run = (name: string) =>
      writer
        .run(ctx, async (tx) => {
          tx.tx.afterCommit(() => {
            told.push(`effect ${name}`);
            visible.push(reader.query('SELECT 1 AS one FROM budget_usage WHERE account = ?', [name]));
          });
          await insert(tx, name);
        })
        .then(() => told.push(`answer ${name}`));
    await Promise.all([run('effect a'), run('effect b')]);
    expect(told).toEqual(['effect effect a', 'effect effect b', 'answer effect a', 'answer effect b']);
    expect(await Promise.all(visible)).toEqual([[{ one: 1 }], [{ one: 1 }]]);
  });

  it('commits once although an effect throws, and runs the effects after it', async () => {
    const { ctx, writer } = opened;
    const told: string[] = [];
    const run = (name: string, effect: () => void) =>
      writer.run(ctx, async (tx) => {
        tx.tx.afterCommit(effect);
        await insert(tx, name, `${name} ${told.length}`);
      });
    await Promise.all([
      run('thrower', () => {
        told.push('thrower');
        throw new Error('an effect failed, deliberately');
      }),
      run('follower', () => told.push('follower')),
    ]);
    expect(told).toEqual(['thrower', 'follower']);
    expect(await rowsOf('thrower', 'follower')).toEqual([1, 1]);
  });
});
