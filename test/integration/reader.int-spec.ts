import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { realColumn } from '#persistence';
import { OpenedStore } from '../support/opened-store.js';
import { newTestStore } from '../support/store.js';

/** A read that keeps the database busy for a good while. */
const SLOW = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500000) SELECT COUNT(*) AS c FROM n`;

describe('reading beside the writer', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  beforeAll(async () => {
    opened = await OpenedStore.open(test);
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  it('leaves the writer its way, however many slow reads wait', async () => {
    await opened.record();
    let finished = 0;
    const reads = Array.from({ length: 8 }, async () => {
      await opened.reader.query(SLOW);
      finished += 1;
    });
    await opened.record();
    expect(finished).toBeLessThan(reads.length / 2);
    await Promise.all(reads);
    expect(await opened.sequence()).toEqual([1, 2]);
  });

  it('gives the same values row by row as it gives in wide pages', async () => {
    const texts = ['', "it's", '\u0001\u2028 ü 😀 \\ "', '[1]', 'null', '1.0', '{"a":{}}'];
    const numbers = [0, -1, 2 ** 53 - 1, -(2 ** 53 - 1)];
    const reals = [0.1 + 0.2, 1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, -0.07, 12345678.123456789, 1];
    const type = opened.reader.dialect === 'sqlite' ? 'REAL' : 'DOUBLE PRECISION';
    for (let index = 0; index < 8; index += 1) {
      const values = [texts[index] ?? null, numbers[index] ?? null, reals[index] ?? null];
      const rest = `FROM (SELECT CAST(? AS TEXT) AS t, CAST(? AS BIGINT) AS n, CAST(? AS ${type}) AS r) AS v`;
      const columns = ['v.t AS text', 'v.n', realColumn(opened.reader.dialect, 'v.r')];
      const [row] = await opened.reader.select(columns, rest, values);
      expect(row).toEqual({ text: values[0], n: values[1], r: values[2] });
    }
  });

  it('goes on when the same statement is run many times at once, and after one that is wrong', async () => {
    const sizes = await Promise.all(
      Array.from({ length: 50 }, () =>
        opened.reader.query<{ size: number }>('SELECT size FROM agent_audit_head'),
      ),
    );
    expect(sizes.flat()).toEqual(new Array(50).fill({ size: 2 }));
    for (let round = 0; round < 2; round += 1)
      await expect(opened.reader.query('SELECT 1 FROM nowhere')).rejects.toThrow(/nowhere/);
    for (let n = 0; n < 300; n += 1) expect(await opened.reader.query(`SELECT ${n} AS n`)).toEqual([{ n }]);
  });

  it('cannot write', async () => {
    const change = `UPDATE agent_audit_head SET size = 7`;
    const cause = expect.objectContaining({ message: expect.stringMatching(/read-?only/i) });
    await expect(opened.reader.query(change)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause });
    expect(await opened.sequence()).toEqual([1, 2]);
  });
});
