import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Refresher } from './refresher.js';

describe('Refresher', () => {
  let stored: string;
  let view: string[];
  let complaints: unknown[];
  /** What the store is asked and has not answered yet. */
  let asked: { answer: () => void; fail: () => void }[];
  let refresher: Refresher<string>;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    stored = 'old';
    view = [];
    complaints = [];
    asked = [];
    const read = () => {
      const found = stored;
      return new Promise<string>((resolve, reject) => {
        asked.push({ answer: () => resolve(found), fail: () => reject(new Error('the store is away')) });
      });
    };
    refresher = new Refresher(
      read,
      (found) => view.push(found),
      (error) => complaints.push(error),
    );
  });
  afterEach(() => void jest.useRealTimers());

  const settle = () => new Promise(setImmediate);
  const answer = async (index: number): Promise<void> => {
    await settle();
    asked[index]?.answer();
    await settle();
  };

  it('applies what it reads', async () => {
    const done = refresher.refresh();
    await answer(0);
    await done;
    expect(view).toEqual(['old']);
  });

  it('throws away what was asked for before a change, and asks again', async () => {
    const done = refresher.refresh();
    await settle();
    stored = 'new';
    refresher.noteChange();
    await answer(0);
    expect(view).toEqual([]);
    await answer(1);
    await done;
    expect(view).toEqual(['new']);
  });

  it('reads once at a time, and once more for all that came meanwhile', async () => {
    const all = [refresher.refresh(), refresher.refresh()];
    await settle();
    expect(asked).toHaveLength(1);
    for (let i = 0; i < 100; i += 1) refresher.refreshSoon();
    await answer(0);
    await answer(1);
    await Promise.all(all);
    expect(asked).toHaveLength(2);
    expect(view).toEqual(['old']);
  });

  it('reads anew for a change in the turn in which a reading ended', async () => {
    let again: Promise<void> | undefined;
    const reads = ['first', 'second'];
    const later = new Refresher(
      () => Promise.resolve(reads.shift() ?? 'none'),
      (found) => {
        view.push(found);
        if (found === 'first') again = Promise.resolve().then(() => later.refresh());
      },
      (error) => complaints.push(error),
    );
    await later.refresh();
    await settle();
    await again;
    expect(view).toEqual(['first', 'second']);
  });

  it('tells its caller where the store cannot be read, and can be asked again', async () => {
    const failing = refresher.refresh();
    await settle();
    asked[0]?.fail();
    await expect(failing).rejects.toThrow('the store is away');
    const broken = new Refresher<string>(
      () => {
        throw new Error('no store');
      },
      () => undefined,
      () => undefined,
    );
    await expect(broken.refresh()).rejects.toThrow('no store');
    await expect(broken.refresh()).rejects.toThrow('no store');
    expect(complaints).toEqual([]);
  });

  it('asks again after a second in the background, and complains once', async () => {
    refresher.refreshSoon();
    refresher.refreshSoon();
    await settle();
    asked[0]?.fail();
    await settle();
    expect(complaints).toHaveLength(1);
    jest.advanceTimersByTime(999);
    await settle();
    expect(asked).toHaveLength(1);
    jest.advanceTimersByTime(1);
    await answer(1);
    expect(view).toEqual(['old']);
  });

  it('stops when it is closed', async () => {
    refresher.refreshSoon();
    await settle();
    asked[0]?.fail();
    await settle();
    await refresher.close();
    jest.advanceTimersByTime(10_000);
    refresher.refreshSoon();
    await settle();
    expect(asked).toHaveLength(1);
  });

  it('waits for the reading under way when it is closed, and does not complain of it', async () => {
    refresher.refreshSoon();
    await settle();
    let closed = false;
    const closing = refresher.close().then(() => (closed = true));
    await settle();
    expect(closed).toBe(false);
    asked[0]?.fail();
    await closing;
    await settle();
    expect(complaints).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
