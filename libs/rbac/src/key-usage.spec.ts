import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { KeyUsage } from './key-usage.js';

describe('KeyUsage', () => {
  let now: number;
  let storeWorks: boolean;
  let written: [string, number][][];
  let usage: KeyUsage;

  beforeEach(() => {
    jest.useFakeTimers();
    jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    [now, storeWorks, written] = [1_000, true, []];
    const repository = {
      noteUse: (_tx: unknown, lastUsed: ReadonlyMap<string, number>) => {
        if (!storeWorks) return Promise.reject(new Error('the store is away'));
        return Promise.resolve(void written.push([...lastUsed]));
      },
    };
    const run = (ctx: unknown, work: (tx: unknown) => unknown) => work(ctx);
    usage = new KeyUsage(repository as never, { run } as never, { now: () => now });
    usage.onModuleInit();
  });
  afterEach(async () => {
    storeWorks = true;
    await usage.onModuleDestroy();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('writes the last use of each key once a minute, and nothing where none was used', async () => {
    usage.note('a');
    now = 2_000;
    usage.note('b');
    usage.note('a');
    await jest.advanceTimersByTimeAsync(59_999);
    expect(written).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(written).toEqual([
      [
        ['a', 2_000],
        ['b', 2_000],
      ],
    ]);
    await jest.advanceTimersByTimeAsync(600_000);
    expect(written).toHaveLength(1);
  });

  it('writes what is left at the end', async () => {
    usage.note('a');
    await usage.onModuleDestroy();
    expect(written).toEqual([[['a', 1_000]]]);
  });

  it('keeps what could not be written, unless it was used again', async () => {
    storeWorks = false;
    usage.note('a');
    usage.note('b');
    await usage.flush();
    now = 3_000;
    usage.note('b');
    storeWorks = true;
    await usage.flush();
    expect(written).toEqual([
      [
        ['a', 1_000],
        ['b', 3_000],
      ],
    ]);
  });
});
