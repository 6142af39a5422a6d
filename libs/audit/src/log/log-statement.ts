import { type Queryable, selectFromJson, type StoreTransaction } from '#persistence';
import { LOG_COLUMNS, type LogHead } from './log-columns.js';

/** Above it the trips to the database cost nothing beside the rows. */
const MAX_ROWS = 2_000;

/**
 * Entries and head in one statement, for SQLite, where every statement is a trip to another thread: it writes to a
 * view of the connection's own, whose trigger does the rest. Outside a transaction a statement is one, so either all
 * of it is durable when it is answered, or none.
 */
const VIEW =
  'CREATE TEMP VIEW IF NOT EXISTS log_append AS SELECT NULL AS entries, NULL AS size, NULL AS frontier';
const TRIGGER = `CREATE TEMP TRIGGER IF NOT EXISTS log_append_insert INSTEAD OF INSERT ON log_append BEGIN
  INSERT INTO agent_audit_log (${LOG_COLUMNS.join(', ')}) ${selectFromJson('NEW.entries', LOG_COLUMNS.length)};
  UPDATE agent_audit_head SET size = NEW.size, frontier = NEW.frontier WHERE id = 1;
END`;
const APPEND = 'INSERT INTO log_append (entries, size, frontier) VALUES (?, ?, ?)';

export class LogStatement {
  private made = false;

  takes({ dialect }: Pick<StoreTransaction, 'dialect'>, rows: number): boolean {
    return dialect === 'sqlite' && rows <= MAX_ROWS;
  }

  /**
   * Appends and commits. @param rows each in the order of the columns.
   * @returns false where the rows break a constraint, such as when their numbers are taken; then nothing was written.
   */
  async run(db: Queryable, rows: readonly (readonly unknown[])[], head: LogHead): Promise<boolean> {
    if (!this.made) {
      await db.query(VIEW);
      await db.query(TRIGGER);
      this.made = true;
    }
    try {
      await db.query(APPEND, [JSON.stringify(rows), head.size, head.frontier]);
      return true;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'SQLITE_CONSTRAINT') return false;
      throw error;
    }
  }
}
