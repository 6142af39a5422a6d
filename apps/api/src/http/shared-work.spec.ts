import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { SharedWork } from './shared-work.js';

describe('SharedWork', () => {
  it('gives nobody what was begun before it asked', async () => {
    const shared = new SharedWork<number>();
    let written = 0;
    let begun = 0;
    const read = async (): Promise<number> => {
      begun += 1;
      const seen = written;
      for (let turns = 0; turns < 1 + (begun % 3); turns += 1) await turn();
      return seen;
    };
    await Promise.all(
      Array.from({ length: 50 }, async (_, client) => {
        for (let round = 0; round < 20; round += 1) {
          const own = (written += 1);
          expect(await shared.run('x', read)).toBeGreaterThanOrEqual(own);
          if ((client + round) % 7 === 0) await turn();
        }
      }),
    );
    // Each would have begun its own otherwise.
    expect(begun).toBeLessThan(500);
  });

  it('lets those who ask meanwhile share the next', async () => {
    const shared = new SharedWork<string>();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const first = shared.run('x', () => gate.then(() => 'first'));
    const others = ['second', 'third', 'fourth'].map((name) => shared.run('x', () => Promise.resolve(name)));
    release();
    expect(await Promise.all([first, ...others])).toEqual(['first', 'second', 'second', 'second']);
    expect(await shared.run('x', () => Promise.resolve('later'))).toBe('later');
  });

  it('keeps apart what is not the same', async () => {
    const shared = new SharedWork<string>();
    const answers = ['x', 'y'].map((key) => shared.run(key, () => Promise.resolve(key)));
    expect(await Promise.all(answers)).toEqual(['x', 'y']);
  });

  it('goes on after a failure, which those who shared it have', async () => {
    const shared = new SharedWork<string>();
    const fail = () => Promise.reject(new Error('gone'));
    const asked = [shared.run('x', fail), shared.run('x', fail), shared.run('x', fail)];
    const settled = await Promise.allSettled(asked);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await shared.run('x', () => Promise.resolve('back'))).toBe('back');
  });
});
