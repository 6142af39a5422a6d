import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { insertRows, MIGRATIONS, placeholders, type DialectQueryable } from '#persistence';
import { OpenedStore } from '../support/opened-store.js';
import { newTestStore, TEST_DIALECT } from '../support/store.js';

const LEDGER = ['charge_id', 'account', 'day', 'source', 'tokens_used', 'cost_micro', 'session_id'].concat([
  'principal_id',
  'charged_at',
]);

/** Charges of an older store: account, day, tokens, micro-USD, session. */
const CHARGES: readonly [string, string, number, number, string | null][] = [
  ['a-1', '2026-01-30', 1, 10, 's-1'],
  ['a-1', '2026-01-31', 2, 20, 's-1'],
  ['a-2', '2026-01-31', 4, 40, ''],
  ['a-2', '2026-02-01', 8, 5_000_000_000_000, 'x'.repeat(3_000)],
  ['unknown', '2026-02-01', 16, 160, null],
];

describe('a store from before reservations', () => {
  const store = newTestStore();
  let opened: OpenedStore;
  let source: DataSource;
  beforeAll(async () => {
    opened = await OpenedStore.open(store);
    [source] = opened.sources;
  });
  afterAll(async () => {
    await opened.close();
    await store.remove();
  });

  it('is given the sums that its ledger comes to, and its sums a day stay', async () => {
    const names = MIGRATIONS.map((migration) => new migration().name);
    const later = names.length - names.indexOf('CreateReservations1795392000000');
    for (let left = later; left > 0; left -= 1) await source.undoLastMigration({ transaction: 'each' });
    const db: DialectQueryable = {
      dialect: TEST_DIALECT,
      query: (sql, parameters = []) => source.query(placeholders(TEST_DIALECT, sql), [...parameters]),
    };
    for (const [agent, role] of [
      ['a-1', 'developer'],
      ['a-2', 'tester'],
    ])
      await db.query(
        `INSERT INTO agent_identities (agent_id, name, role, role_confidence, capabilities, rbac_requires_approval,
           rbac_approval_threshold, metadata_category, metadata_specialist, metadata_version, metadata_tags, origin,
           trusted, version, created_at, updated_at) VALUES (?, ?, ?, 0, '[]', 0, 0, 'x', 0, '1', '[]', 'x', 0, 1, 1, 1)`,
        [agent, agent, role],
      );
    const rows = CHARGES.map(([account, day, tokens, micro, session], index) => {
      return [`c-${index}`, account, day, 'deduct', tokens, micro, session, 'local', index];
    });
    await insertRows(db, 'budget_ledger', LEDGER, rows);
    await insertRows(
      db,
      'budget_usage',
      ['account', 'day', 'tokens_used', 'cost_micro'],
      [['a-1', '2026-01-31', 2, 20]],
    );
    await source.runMigrations({ transaction: 'each' });
    const sums = await db.query<{ account: string; day: string; tokens_used: number; cost_micro: number }>(
      'SELECT account, day, tokens_used, cost_micro FROM budget_usage',
    );
    const shown = sums.map((sum) => `${sum.account} ${sum.day}: ${sum.tokens_used}, ${sum.cost_micro}`);
    expect(shown.sort()).toEqual(
      [
        'a-1 2026-01-31: 2, 20',
        'a-1 session:s-1: 3, 30',
        'fleet 2026-01-30: 1, 10',
        'fleet 2026-01-31: 6, 60',
        'fleet 2026-01: 7, 70',
        'fleet 2026-02-01: 24, 5000000000160',
        'fleet 2026-02: 24, 5000000000160',
        'role:developer 2026-01-30: 1, 10',
        'role:developer 2026-01-31: 2, 20',
        'role:developer 2026-01: 3, 30',
        'role:tester 2026-01-31: 4, 40',
        'role:tester 2026-01: 4, 40',
        'role:tester 2026-02-01: 8, 5000000000000',
        'role:tester 2026-02: 8, 5000000000000',
      ].sort(),
    );
    const roles = await db.query<{ role: string | null }>(
      'SELECT role FROM budget_ledger ORDER BY charge_id',
    );
    expect(roles.map(({ role }) => role)).toEqual(['developer', 'developer', 'tester', 'tester', null]);
  });
});
