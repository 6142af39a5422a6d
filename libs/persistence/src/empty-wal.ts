import sqlite3 from 'sqlite3';

/**
 * Empties the write-ahead log of a SQLite file, on a connection of its own: that of the writer is in the middle of a
 * transaction, and that of the readers in the middle of reads.
 * @returns false where others read or write at the moment.
 */
export async function emptyWal(file: string): Promise<boolean> {
  const database = await open(file);
  try {
    // While it waits it would keep the writer waiting.
    database.configure('busyTimeout', 0);
    const [row] = await all<{ busy: number }>(database, 'PRAGMA wal_checkpoint(TRUNCATE)');
    return row?.busy === 0;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'SQLITE_BUSY') return false;
    throw error;
  } finally {
    await new Promise<void>((resolve) => database.close(() => resolve()));
  }
}

function open(file: string): Promise<sqlite3.Database> {
  return new Promise((resolve, reject) => {
    const database = new sqlite3.Database(file, sqlite3.OPEN_READWRITE, (error) => {
      if (error) reject(error);
      else resolve(database);
    });
  });
}

function all<Row>(database: sqlite3.Database, sql: string): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    database.all<Row>(sql, (error, rows) => {
      if (error) reject(error);
      else resolve(rows);
    });
  });
}
