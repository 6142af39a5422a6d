import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from './domain-error.js';
import { systemContext } from './operation-context.js';
import { appendEach, attemptEach } from './outcome.js';
import { type TransactionContext, TransactionRunner } from './transaction.js';

const BAD = new Error('bad');

/** Fails every unit of work that records a bad value; from its `dies`th unit on it is unavailable. */
class FakeRunner extends TransactionRunner {
  readonly committed: number[] = [];
  units = 0;

  constructor(private readonly dies = Infinity) {
    super();
  }

  run<T>(): Promise<T> {
    return Promise.reject(new Error('not used'));
  }

  append<T>(ctx: object, work: (ctx: TransactionContext) => T): Promise<T> {
    this.units += 1;
    if (this.units >= this.dies) return Promise.reject(new StoreUnavailable('gone'));
    const rows: number[] = [];
    const result = work({ ...ctx, rows } as never);
    if (rows.some((row) => row < 0)) return Promise.reject(BAD);
    this.committed.push(...rows);
    return Promise.resolve(result);
  }
}

const record = (tx: TransactionContext, value: number): string => {
  (tx as unknown as { rows: number[] }).rows.push(value);
  return `id of ${value}`;
};
const each = (runner: FakeRunner, values: readonly number[]) =>
  appendEach(
    runner,
    systemContext(),
    values.map((value) => ({ value })),
    record,
  );

describe('appendEach', () => {
  it('records all in one unit of work', async () => {
    const runner = new FakeRunner();
    expect(await each(runner, [1, 2, 3])).toEqual([1, 2, 3].map((n) => ({ value: `id of ${n}` })));
    expect([runner.units, runner.committed]).toEqual([1, [1, 2, 3]]);
    expect(await each(runner, [])).toEqual([]);
    expect(runner.units).toBe(1);
  });

  it('keeps what is good, in order and once, whatever is bad beside it', async () => {
    const runner = new FakeRunner();
    const values = [1, -2, 3, 4, 5, -6, -7, 8];
    const outcomes = await each(runner, values);
    expect(outcomes).toEqual(values.map((n) => (n < 0 ? { error: BAD } : { value: `id of ${n}` })));
    expect(runner.committed).toEqual([1, 3, 4, 5, 8]);
  });

  it('asks a store that is unavailable no further', async () => {
    const runner = new FakeRunner(1);
    const outcomes = await each(runner, [1, 2, 3]);
    expect(outcomes).toEqual([1, 2, 3].map(() => ({ error: expect.any(StoreUnavailable) })));
    expect(runner.units).toBe(1);
  });

  it('tells what landed before the store went away', async () => {
    const runner = new FakeRunner(3);
    const outcomes = await each(runner, [1, 2, -3, 4]);
    expect(outcomes.map((outcome) => 'value' in outcome)).toEqual([true, true, false, false]);
    expect(runner.committed).toEqual([1, 2]);
  });

  it('leaves what had failed before as it is', async () => {
    const runner = new FakeRunner();
    const outcomes = await appendEach(
      runner,
      systemContext(),
      [{ error: BAD }, { value: 1 }, { error: BAD }],
      record,
    );
    expect(outcomes).toEqual([{ error: BAD }, { value: 'id of 1' }, { error: BAD }]);
  });
});

describe('attemptEach', () => {
  it('keeps the order of what waits, what does not, and what fails either way', async () => {
    const outcomes = await attemptEach([0, 1, 2, 3, 4, 5], (n) => {
      if (n === 1) throw BAD;
      if (n === 2) return Promise.reject(BAD);
      return n % 2 === 1 ? new Promise<number>((resolve) => setImmediate(() => resolve(n))) : n;
    });
    const [good, bad] = [(value: number) => ({ value }), { error: BAD }];
    expect(outcomes).toEqual([good(0), bad, bad, good(3), good(4), good(5)]);
  });

  it('lets no more than 32 wait at once', async () => {
    let waiting = 0;
    let most = 0;
    await attemptEach(Array.from({ length: 100 }), async () => {
      most = Math.max(most, (waiting += 1));
      await new Promise(setImmediate);
      waiting -= 1;
    });
    expect(most).toBe(32);
  });
});
