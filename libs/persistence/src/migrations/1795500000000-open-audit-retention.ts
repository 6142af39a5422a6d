import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes, execute } from './column-types.js';

const REFUSAL = 'agent_audit_log is append-only';
/** What an erased entry holds no more. */
const TEXTS = ['operation_detail', 'target_resource', 'rbac_reason', 'tool_use_id', 'context', 'text_salt'];
const KEPT = [
  ...['seq', 'audit_id', 'agent_id', 'agent_name', 'agent_role', 'operation_type', 'target_type'],
  ...[
    'rbac_decision',
    'cost_micro',
    'tokens_used',
    'recorded_at',
    'source',
    'principal_id',
    'principal_kind',
  ],
  ...['principal_role', 'route', 'outcome', 'trace_id', 'text_hash', 'leaf_hash'],
];

/** Whether `OLD` is under a hold. */
const HELD = `EXISTS (SELECT 1 FROM audit_holds h WHERE h.released_at IS NULL
  AND (h.agent_id IS NULL OR h.agent_id = OLD.agent_id)
  AND (h.from_time IS NULL OR OLD.recorded_at >= h.from_time)
  AND (h.to_time IS NULL OR OLD.recorded_at < h.to_time))`;
const ABOVE_MARK = 'OLD.seq > (SELECT removable_to FROM agent_audit_head WHERE id = 1)';

/**
 * Lets go of what is older than it must be kept: entries up to a mark may be removed, and the texts of an entry erased together with
 * their salt, neither under a hold. All else stays refused.
 */
export class OpenAuditRetention1795500000000 implements MigrationInterface {
  name = 'OpenAuditRetention1795500000000';

  async up(runner: QueryRunner): Promise<void> {
    const { dialect, int } = columnTypes(runner);
    await execute(runner, [
      `ALTER TABLE agent_audit_head ADD COLUMN removable_to ${int} NOT NULL DEFAULT 0`,
      `CREATE TABLE audit_holds (
        hold_id TEXT PRIMARY KEY,
        agent_id TEXT,
        from_time ${int},
        to_time ${int},
        reason TEXT NOT NULL,
        placed_by TEXT NOT NULL,
        placed_at ${int} NOT NULL,
        released_by TEXT,
        released_at ${int}
      )`,
      'CREATE INDEX audit_holds_placed ON audit_holds (placed_at, hold_id)',
      ...OPEN[dialect],
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    const { dialect } = columnTypes(runner);
    await execute(runner, [
      ...SHUT[dialect],
      'DROP TABLE audit_holds',
      'ALTER TABLE agent_audit_head DROP COLUMN removable_to',
    ]);
  }
}

const refuse = `BEGIN SELECT RAISE(ABORT, '${REFUSAL}'); END`;
const onSqlite = (event: 'UPDATE' | 'DELETE', condition: string): string[] => [
  `DROP TRIGGER agent_audit_log_${event.toLowerCase()}`,
  `CREATE TRIGGER agent_audit_log_${event.toLowerCase()} BEFORE ${event} ON agent_audit_log ${condition} ${refuse}`,
];
const onPostgres = (body: string): string[] => [
  `CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN ${body} RAISE EXCEPTION '${REFUSAL}'; END $$`,
];

/** The one change of an entry that is let through. `is`: the dialect's comparison to which null equals null. */
const erasure = (is: string): string =>
  [
    'OLD.text_salt IS NOT NULL',
    ...TEXTS.map((column) => `NEW.${column} IS NULL`),
    ...KEPT.map((column) => `NEW.${column} ${is} OLD.${column}`),
  ].join(' AND ');

const OPEN = {
  sqlite: [
    ...onSqlite('UPDATE', `WHEN NOT (${erasure('IS')}) OR ${HELD}`),
    ...onSqlite('DELETE', `WHEN ${ABOVE_MARK} OR ${HELD}`),
  ],
  postgres: onPostgres(`
    IF TG_OP = 'DELETE' THEN
      IF NOT (${ABOVE_MARK} OR ${HELD}) THEN RETURN OLD; END IF;
    ELSIF TG_OP = 'UPDATE' THEN
      IF ${erasure('IS NOT DISTINCT FROM')} AND NOT ${HELD} THEN RETURN NEW; END IF;
    END IF;`),
};
const SHUT = {
  sqlite: [...onSqlite('UPDATE', ''), ...onSqlite('DELETE', '')],
  postgres: onPostgres(''),
};
