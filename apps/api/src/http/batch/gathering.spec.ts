import { describe, expect, it } from '@jest/globals';
import { Gathering, slicesOf } from './gathering.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Slices are taken only when the test lets them be. */
function held() {
  const slices: number[][] = [];
  const letGo: (() => void)[] = [];
  const gathering = new Gathering<number>(
    (slice) =>
      new Promise((resolve) => {
        slices.push([...slice]);
        letGo.push(resolve);
      }),
  );
  return { slices, gathering, next: () => letGo.shift()?.() };
}

describe('Gathering', () => {
  it('takes what came together as one slice, and what came meanwhile as the next', async () => {
    const { slices, gathering, next } = held();
    for (const item of [1, 2, 3]) gathering.add(item, 1);
    await turn();
    for (const item of [4, 5]) gathering.add(item, 1);
    await turn();
    expect(slices).toEqual([[1, 2, 3]]);
    next();
    await turn();
    await turn();
    expect(slices).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    next();
    await gathering.settled();
    gathering.add(6, 1);
    await turn();
    expect(slices.at(-1)).toEqual([6]);
    next();
    await gathering.settled();
  });

  it.each([
    ['500 items', 500, 1],
    ['a mebibyte', 4, 256 * 1024],
  ])('is full with %s, and has room once the slice is taken', async (_what, items, bytes) => {
    const { slices, gathering, next } = held();
    const fill = () => {
      for (let item = 1; item <= items; item += 1) {
        expect(gathering.full).toBe(false);
        gathering.add(item, bytes);
      }
      expect(gathering.full).toBe(true);
    };
    fill();
    await gathering.room();
    fill();
    const room = gathering.room().then(() => 'room');
    await turn();
    expect(await Promise.race([room, turn().then(() => 'none')])).toBe('none');
    next();
    expect(await room).toBe('room');
    await turn();
    next();
    await gathering.settled();
    expect(slices.map((slice) => slice.length)).toEqual([items, items]);
  });

  it('is settled at once with nothing', async () => {
    await expect(held().gathering.settled()).resolves.toBeUndefined();
  });
});

describe('slicesOf', () => {
  it('cuts items into slices, none of them lost', () => {
    const items = Array.from({ length: 1_201 }, (_, index) => index);
    const slices = [...slicesOf(items)];
    expect(slices.map((slice) => slice.length)).toEqual([500, 500, 201]);
    expect(slices.flat()).toEqual(items);
    expect([...slicesOf([])]).toEqual([]);
  });
});
