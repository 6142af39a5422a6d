import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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

  it('cannot write', async () => {
    const change = `UPDATE agent_audit_head SET size = 7`;
    const cause = expect.objectContaining({ message: expect.stringMatching(/read-?only/i) });
    await expect(opened.reader.query(change)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause });
    expect(await opened.sequence()).toEqual([1, 2]);
  });
});
