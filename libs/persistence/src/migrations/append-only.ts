import type { ColumnTypes } from './column-types.js';

/** Triggers with which a table refuses that a row is changed, removed or put in the place of another. */
export function appendOnly(dialect: ColumnTypes['dialect'], table: string, key: string): string[] {
  const refusal = `${table} is append-only`;
  if (dialect === 'sqlite') {
    const refuse = `BEGIN SELECT RAISE(ABORT, '${refusal}'); END`;
    return [
      `CREATE TRIGGER ${table}_update BEFORE UPDATE ON ${table} ${refuse}`,
      `CREATE TRIGGER ${table}_delete BEFORE DELETE ON ${table} ${refuse}`,
      // INSERT OR REPLACE removes the old row without firing the delete trigger.
      `CREATE TRIGGER ${table}_replace BEFORE INSERT ON ${table}
        WHEN EXISTS (SELECT 1 FROM ${table} WHERE ${key} = NEW.${key}) ${refuse}`,
    ];
  }
  return [
    `CREATE FUNCTION refuse_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION '${refusal}'; END $$`,
    `CREATE TRIGGER ${table}_change BEFORE UPDATE OR DELETE ON ${table}
      FOR EACH ROW EXECUTE FUNCTION refuse_${table}()`,
    `CREATE TRIGGER ${table}_truncate BEFORE TRUNCATE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_${table}()`,
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_change`,
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_truncate`,
  ];
}

/** Removes a table with its triggers. */
export function dropAppendOnly(dialect: ColumnTypes['dialect'], table: string): string[] {
  return [`DROP TABLE ${table}`, ...(dialect === 'postgres' ? [`DROP FUNCTION refuse_${table}()`] : [])];
}
