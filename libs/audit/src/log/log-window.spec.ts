import { describe, expect, it } from '@jest/globals';
import { LogWindow } from './log-window.js';

const numbered = (...seqs: number[]) => seqs.map((seq) => ({ seq }));

describe('the newest of the log', () => {
  const windowOf = (most: number) => new LogWindow<{ seq: number }>(most * 10, () => 10);

  it('holds what comes behind a place, or nothing of it', () => {
    const window = windowOf(10);
    expect(window.after(0, 5)).toBeNull();
    window.add(numbered(4, 5));
    window.add(numbered(6, 7));
    expect(window.after(3, 3)).toEqual(numbered(4, 5, 6));
    expect(window.after(6, 3)).toEqual(numbered(7));
    expect(window.after(7, 3)).toEqual([]);
    expect(window.after(2, 3)).toBeNull();
  });

  it('begins anew behind a gap', () => {
    const window = windowOf(10);
    window.add(numbered(1, 2));
    window.add(numbered(4));
    expect(window.after(1, 5)).toBeNull();
    expect(window.after(3, 5)).toEqual(numbered(4));
  });

  it('lets the oldest go, down to three quarters of what it holds', () => {
    const window = windowOf(4);
    window.add(numbered(1, 2, 3, 4));
    expect(window.after(0, 9)).toHaveLength(4);
    window.add(numbered(5));
    expect(window.after(1, 9)).toBeNull();
    expect(window.after(2, 9)).toEqual(numbered(3, 4, 5));
    window.clear();
    expect(window.after(5, 9)).toBeNull();
  });

  it('lets what is not needed go, and goes on behind it', () => {
    const window = windowOf(4);
    window.add(numbered(1, 2, 3));
    window.dropTo(0);
    expect(window.after(0, 9)).toHaveLength(3);
    window.dropTo(2);
    expect([window.after(1, 9), window.after(2, 9)]).toEqual([null, numbered(3)]);
    window.dropTo(9);
    expect(window.after(3, 9)).toBeNull();
    // What was let go of does not count.
    window.add(numbered(4, 5, 6, 7));
    expect(window.after(3, 9)).toHaveLength(4);
  });
});
