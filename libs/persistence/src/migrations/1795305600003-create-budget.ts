import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

/** The ledger, one row a charge, and its sum per account and day, kept in the same transaction. */
export class CreateBudget1795305600003 implements MigrationInterface {
  name = 'CreateBudget1795305600003';

  async up(runner: QueryRunner): Promise<void> {
    const { int, sum } = columnTypes(runner);
    await execute(runner, [
      `CREATE TABLE budget_ledger (
        charge_id TEXT PRIMARY KEY,
        account TEXT NOT NULL,
        day TEXT NOT NULL,
        source TEXT NOT NULL,
        tokens_used ${int} NOT NULL,
        cost_micro ${int} NOT NULL,
        tool_name TEXT,
        session_id TEXT,
        tool_use_id TEXT,
        request_id TEXT,
        principal_id TEXT NOT NULL,
        claimed_agent TEXT,
        client_timestamp TEXT,
        charged_at ${int} NOT NULL
      )`,
      `CREATE INDEX budget_ledger_account ON budget_ledger (account, day)`,
      `CREATE UNIQUE INDEX budget_ledger_tool_use ON budget_ledger (account, principal_id, tool_use_id)
        WHERE tool_use_id IS NOT NULL`,
      `CREATE UNIQUE INDEX budget_ledger_request ON budget_ledger (account, principal_id, request_id)
        WHERE request_id IS NOT NULL`,
      `CREATE TABLE budget_usage (
        account TEXT NOT NULL,
        day TEXT NOT NULL,
        tokens_used ${sum} NOT NULL,
        cost_micro ${sum} NOT NULL,
        PRIMARY KEY (account, day)
      )`,
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await execute(runner, ['DROP TABLE budget_usage', 'DROP TABLE budget_ledger']);
  }
}
