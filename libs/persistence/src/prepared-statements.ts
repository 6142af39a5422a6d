import type { Database, Statement } from 'sqlite3';

/** Beyond it the oldest statement gives way; inserts of different lengths are different statements. */
const KEPT = 200;

/**
 * The statements of one SQLite connection, prepared once. The driver prepares on another thread, so a statement that
 * is prepared anew makes the trip there twice, and the writer's few statements a commit are all the same.
 */
export class PreparedStatements {
  private readonly statements = new Map<string, Statement>();

  constructor(private readonly database: Database) {}

  run<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      const statement = this.statements.get(sql) ?? this.prepare(sql, reject);
      statement.all<Row>(parameters, (error, rows) => {
        if (error) reject(error);
        else resolve(rows);
      });
    });
  }

  /** A connection with statements cannot be closed. */
  async release(): Promise<void> {
    const statements = [...this.statements.values()];
    this.statements.clear();
    await Promise.all(
      statements.map((statement) => new Promise<void>((resolve) => statement.finalize(() => resolve()))),
    );
  }

  private prepare(sql: string, failed: (error: Error) => void): Statement {
    const statement = this.database.prepare(sql, (error: Error | null) => {
      if (!error) return;
      this.statements.delete(sql);
      failed(error);
    });
    this.statements.set(sql, statement);
    for (const [oldest, old] of this.statements) {
      if (this.statements.size <= KEPT) break;
      this.statements.delete(oldest);
      old.finalize();
    }
    return statement;
  }
}
