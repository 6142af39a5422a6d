import { describe, expect, it } from '@jest/globals';
import { RowMemo } from './row-memo.js';
import type { DialectQueryable } from './sql.js';

/** Answers with the rows it holds. */
class Rows implements DialectQueryable {
  readonly dialect = 'sqlite';
  held: unknown[][] = [];

  query<Row>(): Promise<Row[]> {
    return Promise.resolve(this.held.map((row) => ({ row: JSON.stringify(row) })) as Row[]);
  }
}

describe('RowMemo', () => {
  const setUp = () => {
    const rows = new Rows();
    const made: number[] = [];
    const memo = new RowMemo<{ id: number; text: string }, { shown: string }>(
      ['id', 't.text'],
      ({ id, text }) => {
        made.push(id);
        return { shown: `${id} ${text}` };
      },
    );
    return { rows, made, memo, read: () => memo.select(rows, 'FROM t') };
  };

  it('makes a row again only when it has changed', async () => {
    const { rows, made, read } = setUp();
    rows.held = [
      [1, 'a'],
      [2, 'b'],
    ];
    const before = await read();
    rows.held = [
      [2, 'b'],
      [1, 'c'],
    ];
    const after = await read();
    expect(after).toEqual([{ shown: '2 b' }, { shown: '1 c' }]);
    expect(after[0]).toBe(before[1]);
    expect(made).toEqual([1, 2, 1]);
  });

  it('makes all again once it was cleared', async () => {
    const { rows, made, memo, read } = setUp();
    rows.held = [[1, 'a']];
    await read();
    memo.clear();
    await read();
    expect(made).toEqual([1, 1]);
  });

  it('keeps so many and no more, those of late first', async () => {
    const { rows, made, read } = setUp();
    const hot = [0, 'hot'];
    for (let id = 1; id <= 5000; id += 1) {
      rows.held = [hot, [id, 'cold']];
      await read();
    }
    // Once for each turn of the generations at the most, and it was never far away.
    expect(made.filter((id) => id === 0)).toHaveLength(1);
    made.length = 0;
    rows.held = [[1, 'cold']];
    await read();
    expect(made).toEqual([1]);
  });
});
