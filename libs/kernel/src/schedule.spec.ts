import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Schedule } from './schedule.js';

const EVERY_MS = 1_000;

describe('Schedule', () => {
  /** The runs that began, with the signal that each was given. */
  let runs: { end: () => void; fail: () => void; signal: AbortSignal }[];
  let complaints: string[];
  let schedule: Schedule;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    runs = [];
    complaints = [];
    schedule = new Schedule(
      (signal) =>
        new Promise((resolve, reject) => {
          const fail = () => reject(new Error('the store is away'));
          signal.addEventListener('abort', fail);
          runs.push({ end: resolve, fail, signal });
        }),
      (error) => complaints.push(String(error)),
    );
  });
  afterEach(() => void jest.useRealTimers());

  const settle = () => new Promise(setImmediate);
  async function pass(intervals = 1): Promise<void> {
    jest.advanceTimersByTime(intervals * EVERY_MS);
    await settle();
  }
  async function end(index: number): Promise<void> {
    runs[index]?.end();
    await settle();
  }

  it('runs at once and at each interval', async () => {
    schedule.start(EVERY_MS);
    await settle();
    for (let n = 1; n <= 3; n += 1) {
      expect(runs).toHaveLength(n);
      await end(n - 1);
      jest.advanceTimersByTime(EVERY_MS - 1);
      await settle();
      expect(runs).toHaveLength(n);
      jest.advanceTimersByTime(1);
      await settle();
    }
  });

  it('has one run at a time, however long it takes', async () => {
    schedule.start(EVERY_MS);
    await pass(2);
    expect(runs).toHaveLength(1);
    await end(0);
    expect(runs).toHaveLength(2);
    await end(1);
    expect(runs).toHaveLength(3);
  });

  it('says why a run has failed, and goes on', async () => {
    schedule.start(EVERY_MS);
    await settle();
    runs[0]?.fail();
    await settle();
    expect(complaints).toEqual(['Error: the store is away']);
    await pass();
    expect(runs).toHaveLength(2);
  });

  it('goes on where a run fails before it waits for anything', async () => {
    const failing = new Schedule(
      () => {
        throw new Error('at once');
      },
      (error) => complaints.push(String(error)),
    );
    failing.start(EVERY_MS);
    await pass();
    await failing.stop();
    expect(complaints).toEqual(['Error: at once', 'Error: at once']);
  });

  it('breaks off when it is stopped, waits, begins nothing more, and does not complain', async () => {
    schedule.start(EVERY_MS);
    await pass(2);
    expect(runs[0]?.signal.aborted).toBe(false);
    await schedule.stop();
    expect(runs[0]?.signal.aborted).toBe(true);
    await pass(3);
    expect(runs).toHaveLength(1);
    expect(complaints).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits for a run that takes its time to break off', async () => {
    let breakOff = (): void => undefined;
    const slow = new Schedule(
      () => new Promise((resolve) => (breakOff = resolve)),
      () => undefined,
    );
    slow.start(EVERY_MS);
    await settle();
    let stopped = false;
    const stopping = slow.stop().then(() => (stopped = true));
    await settle();
    expect(stopped).toBe(false);
    breakOff();
    await stopping;
  });

  it('finishes with one more run, behind the one under way', async () => {
    schedule.start(EVERY_MS);
    await settle();
    let finished = false;
    const finishing = schedule.finish().then(() => (finished = true));
    await settle();
    expect(runs).toHaveLength(1);
    await end(0);
    expect(runs).toHaveLength(2);
    expect(finished).toBe(false);
    expect(runs[1]?.signal.aborted).toBe(false);
    await end(1);
    await finishing;
    await pass(3);
    expect(runs).toHaveLength(2);
  });

  it('finishes without a run where it never started', async () => {
    await schedule.finish();
    await schedule.stop();
    expect(runs).toEqual([]);
  });
});
