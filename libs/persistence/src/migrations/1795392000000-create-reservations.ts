import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** Sessions are counted by an index, which bounds their names; longer ones than this many characters begin anew. */
const MAX_SESSION_CHARS = 128;

/**
 * Reservations; and beside each account's sum a day those of sessions, roles and the fleet, a day and a month, made
 * up here for what was charged before.
 */
export class CreateReservations1795392000000 implements MigrationInterface {
  name = 'CreateReservations1795392000000';

  async up(runner: QueryRunner): Promise<void> {
    const { int } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE budget_reservations (
        reservation_id TEXT PRIMARY KEY,
        account TEXT NOT NULL,
        role TEXT NOT NULL,
        session_id TEXT,
        principal_id TEXT NOT NULL,
        max_cost_micro ${int} NOT NULL,
        max_tokens ${int} NOT NULL,
        created_at ${int} NOT NULL,
        expires_at ${int} NOT NULL,
        settled_cost_micro ${int},
        settled_tokens ${int},
        settled_at ${int}
      )`,
      // Of one agent, and of all: what is settled or over is never looked at.
      `CREATE INDEX budget_reservations_account ON budget_reservations (account, expires_at) WHERE settled_at IS NULL`,
      `CREATE INDEX budget_reservations_open ON budget_reservations (expires_at) WHERE settled_at IS NULL`,
      `ALTER TABLE budget_ledger ADD COLUMN role TEXT`,
      `ALTER TABLE budget_ledger ADD COLUMN reservation_id TEXT`,
      `CREATE UNIQUE INDEX budget_ledger_reservation ON budget_ledger (reservation_id)
        WHERE reservation_id IS NOT NULL`,
      `DROP INDEX budget_ledger_account`,
      `CREATE INDEX budget_ledger_account ON budget_ledger (account, charged_at, charge_id)`,
      `CREATE INDEX budget_ledger_charged ON budget_ledger (charged_at, charge_id)`,
      `UPDATE budget_ledger SET role =
        (SELECT a.role FROM agent_identities a WHERE a.agent_id = budget_ledger.account)`,
      sums(`'fleet'`, 'day'),
      sums(`'fleet'`, 'substr(day, 1, 7)'),
      sums(`'role:' || role`, 'day', 'role IS NOT NULL'),
      sums(`'role:' || role`, 'substr(day, 1, 7)', 'role IS NOT NULL'),
      sums(
        'account',
        `'session:' || session_id`,
        `session_id <> '' AND length(session_id) <= ${MAX_SESSION_CHARS}`,
      ),
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, [
      `DELETE FROM budget_usage WHERE account = 'fleet' OR account LIKE 'role:%' OR day LIKE 'session:%'`,
      'DROP INDEX budget_ledger_charged',
      'DROP INDEX budget_ledger_account',
      'CREATE INDEX budget_ledger_account ON budget_ledger (account, day)',
      'DROP INDEX budget_ledger_reservation',
      'ALTER TABLE budget_ledger DROP COLUMN reservation_id',
      'ALTER TABLE budget_ledger DROP COLUMN role',
      'DROP TABLE budget_reservations',
    ]);
  }
}

/** Sums what the ledger holds into `budget_usage`. */
function sums(account: string, window: string, condition = '1 = 1'): string {
  return `INSERT INTO budget_usage (account, day, tokens_used, cost_micro)
    SELECT ${account}, ${window}, SUM(tokens_used), SUM(cost_micro) FROM budget_ledger
    WHERE ${condition} GROUP BY 1, 2`;
}
