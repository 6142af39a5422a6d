import { describe, expect, it } from '@jest/globals';
import { aNote, aSigningKey } from '../../../../test/support/signed-log.js';
import { CheckpointReading } from './checkpoint-reading.js';
import { Testimonies } from './testimonies.js';
import type { StoredCheckpoint } from './verification.repository.js';
import type { Witness } from './witness.js';
import { Witnesses } from './witnesses.js';

const ORIGIN = 'example.com/log';
const ROOT = Buffer.alloc(32).toString('base64');
const PAGE = 3;
const key = aSigningKey();
const noteOf = (size: number): string => aNote({ origin: ORIGIN, size, root: ROOT }, key);

/** Over stored checkpoints of these sizes. */
function witnesses(sizes: readonly number[], heldSizes: readonly number[] = [], newest = sizes.length) {
  const stored = sizes.map((size, index): StoredCheckpoint => ({
    ...{ number: index + 1, origin: ORIGIN, size, root: ROOT, note: noteOf(size) },
  }));
  const reading = new CheckpointReading(ORIGIN, [key.publicKey]);
  for (const [index, size] of heldSizes.entries()) reading.takeHeld(noteOf(size), index + 1);
  const read: number[] = [];
  const repository = {
    checkpoints: (after: number, limit: number) => {
      read.push(after);
      return Promise.resolve(stored.filter(({ number }) => number > after).slice(0, limit));
    },
    checkpointsBefore: (before: number, limit: number) =>
      Promise.resolve(
        stored
          .filter(({ number }) => number < before)
          .reverse()
          .slice(0, limit),
      ),
  };
  const found = new Witnesses(repository, reading, newest, PAGE, () => Promise.resolve());
  /** The names of those of one size. */
  const taken = (size: number): string[] => {
    const names: string[] = [];
    for (let next = found.next(size); next; next = found.next(size)) names.push(next.name);
    return names;
  };
  return { found, reading, stored, read, taken };
}

describe('witnesses', () => {
  it('are there when the walk comes to their size, and no more are read than that takes', async () => {
    const sizes = [0, 2, 2, 2, 5, 6, 7, 8, 9, 10];
    const { found, read, taken, reading } = witnesses(sizes, [5, 2]);
    await found.bringTo(0);
    expect(taken(0)).toEqual(['stored checkpoint 1']);
    expect(taken(1)).toEqual([]);
    await found.bringTo(2);
    expect(read).toEqual([0, 3]);
    expect(taken(2)).toEqual([
      'held checkpoint 2',
      ...[2, 3, 4].map((number) => `stored checkpoint ${number}`),
    ]);
    for (let size = 3; size <= 10; size += 1) {
      await found.bringTo(size);
      expect(taken(size)).toHaveLength(size < 5 ? 0 : size === 5 ? 2 : 1);
    }
    expect(read).toEqual([0, 3, 6, 9]);
    expect(reading.findings).toEqual([]);
  });

  it('are of the store as it was: newer ones are left alone', async () => {
    const { found, taken } = witnesses([1, 2, 3, 4, 5], [], 4);
    await found.bringTo(Infinity);
    expect([1, 2, 3, 4, 5].flatMap(taken)).toHaveLength(4);
    expect(await found.lastStored()).toBe(4);
  });

  it('are none that something is wrong with, and the size is that of the last other', async () => {
    const { found, stored, reading, taken } = witnesses([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const index of [1, 4, 5, 6, 7])
      stored[index] = { ...(stored[index] as StoredCheckpoint), note: 'no' };
    expect(await found.lastStored()).toBe(4);
    await found.bringTo(Infinity);
    expect([1, 2, 3, 4, 5, 6, 7, 8].flatMap(taken)).toHaveLength(3);
    expect(reading.findings).toHaveLength(5);
  });

  it('keep so many findings and count the rest', async () => {
    const { found, stored, reading } = witnesses(Array.from({ length: 130 }, () => 1));
    stored.splice(0, 130, ...stored.map((each) => ({ ...each, root: 'other' })));
    await found.bringTo(Infinity);
    expect([reading.findings.length, reading.more]).toEqual([100, 30]);
    expect(await found.lastStored()).toBe(0);
  });
});

describe('testimonies', () => {
  const of = (size: number, name = `of ${size}`): Witness => ({ kind: 'stored', name, size, root: ROOT });

  it('name the first that does not hold, and the last of a smaller tree that does', () => {
    const said = new Testimonies();
    for (const size of [1, 3, 3]) said.hear(of(size), true);
    said.hear(of(4), null);
    said.hear(of(5), true);
    said.hear(of(5, 'against'), false);
    said.hear(of(6), false);
    said.hear(of(7), true);
    expect([said.against?.name, said.before?.name]).toEqual(['against', 'of 3']);
    expect([said.agreed, said.vouchedFor]).toEqual([5, 7]);
  });

  it('name none before where the first does not hold', () => {
    const said = new Testimonies();
    said.hear(of(2), true);
    said.hear(of(2, 'against'), false);
    expect([said.against?.name, said.before]).toEqual(['against', null]);
    expect(new Testimonies()).toMatchObject({ against: null, before: null, agreed: 0, vouchedFor: 0 });
  });
});
