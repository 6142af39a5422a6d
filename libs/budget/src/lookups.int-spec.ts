import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { placeholders, type Queryable } from '#persistence';
import { OpenedStore, upTo } from '../../../test/support/opened-store.js';
import { newTestStore, TEST_DIALECT } from '../../../test/support/store.js';
import { BookedKeys } from './idempotency-keys.js';
import { Standing } from './standing.js';
import { UsageSums } from './usage-sums.js';

const AGENT = { agentId: 'a-1', role: 'developer', maxCostPerDayMicro: 1, maxTokensPerSession: 1 };
const SPENDER = { agent: AGENT as never, sessionId: 's-1' };
const NONE = { maxCostPerDayMicro: null, maxCostPerMonthMicro: null };
const DAY = { date: '2026-01-31', month: '2026-01', startedAt: 0 };

/** How the database goes about what `read` asks it. */
async function planOf(opened: OpenedStore, read: (db: Queryable) => Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  const runner = opened.sources[0].createQueryRunner();
  // An empty table is read whole for want of anything better; the question is what an index is good for.
  if (TEST_DIALECT === 'postgres')
    await runner.query('SET enable_seqscan = off; SET enable_bitmapscan = off');
  const explain = TEST_DIALECT === 'postgres' ? 'EXPLAIN (COSTS OFF)' : 'EXPLAIN QUERY PLAN';
  await read({
    query: async (sql, parameters = []) => {
      const text = placeholders(TEST_DIALECT, `${explain} ${sql}`);
      const rows = (await runner.query(text, [...parameters])) as unknown as Record<string, unknown>[];
      lines.push(...rows.map((row) => String(row['QUERY PLAN'] ?? row['detail'])));
      return [];
    },
  });
  if (TEST_DIALECT === 'postgres') await runner.query('RESET enable_seqscan; RESET enable_bitmapscan');
  await runner.release();
  return lines.join('\n');
}

/** A search by these columns of an index, as either database puts it. */
function searchBy(...columns: string[]): RegExp {
  const sqlite = columns.map((column) => `${column}[=>]\\?`).join(' AND ');
  const postgres = columns.map((column) => `\\(${column} [=>] [^)]+\\)`).join(' AND ');
  return new RegExp(`SEARCH [^\\n]*\\(${sqlite}\\)|Index Cond: \\(?${postgres}`);
}

describe('what a charge reads', () => {
  const store = newTestStore();
  let opened: OpenedStore;
  beforeAll(async () => {
    opened = await OpenedStore.open(store);
  });
  afterAll(async () => {
    await opened.close();
    await store.remove();
  });

  it.each(['tool_use_id', 'request_id'] as const)('is found by the whole of a %s', async (column) => {
    const keys = ['x', 'y'].map((id) => ({ column, account: 'a-1', principalId: 'local', id }));
    const plan = await planOf(opened, (db) => BookedKeys.read(db, keys));
    expect(plan).toMatch(searchBy('account', 'principal_id', column));
    expect(plan).not.toMatch(/SCAN budget|Seq Scan/);
  });

  it('is found by account and window', async () => {
    const windows = [DAY.date, DAY.month].map((window) => ({ account: 'fleet', window }));
    const plan = await planOf(opened, (db) => UsageSums.read(db, windows));
    expect(plan).toMatch(searchBy('account', 'day'));
    expect(plan).not.toMatch(/SCAN budget|Seq Scan/);
  });

  it('is found by the end of what is set aside, however much has ended', async () => {
    for (const fleet of [NONE, { ...NONE, maxCostPerDayMicro: 1 }]) {
      const terms = { rules: { fleet, roles: new Map() } as never, day: DAY, now: 1 };
      const plan = await planOf(opened, (db) => Standing.read(db, [SPENDER], terms));
      expect(plan).toMatch(/expires_at ?> ?/);
      expect(plan).not.toMatch(/SCAN budget|Seq Scan/);
    }
  });

  it('may be more than one statement can name', async () => {
    const ids = upTo(20_000).map((n) => `id-${n}`);
    const usage = await UsageSums.read(
      opened.reader,
      ids.map((window) => ({ account: 'a-1', window })),
    );
    expect(usage.of({ account: 'a-1', window: 'id-1' })).toEqual({ tokens: 0, costMicro: 0 });
    const key = (id: string) => ({ column: 'request_id' as const, account: 'a-1', principalId: 'local', id });
    expect((await BookedKeys.read(opened.reader, ids.map(key))).has(key('id-1'))).toBe(false);
  });
});
