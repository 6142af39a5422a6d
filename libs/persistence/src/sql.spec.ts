import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Dialect, type DialectQueryable, insertRows, marks, placeholders, Where } from './sql.js';

/** Keeps what it is asked to run. */
class Recorder implements DialectQueryable {
  constructor(readonly dialect: Dialect) {}

  readonly statements: { sql: string; parameters: readonly unknown[] }[] = [];

  query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    this.statements.push({ sql, parameters });
    return Promise.resolve([]);
  }
}

describe('placeholders', () => {
  it('leaves SQLite its question marks', () => {
    expect(placeholders('sqlite', 'a = ? AND b = ?')).toBe('a = ? AND b = ?');
  });

  it('numbers them for PostgreSQL, in order', () => {
    expect(placeholders('postgres', `x IN (${marks(11)}) LIMIT ?`)).toBe(
      'x IN ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11) LIMIT $12',
    );
  });

  it('leaves SQL without parameters alone', () => {
    expect(placeholders('postgres', 'SELECT 1')).toBe('SELECT 1');
  });
});

describe('marks', () => {
  it.each([
    [0, ''],
    [1, '?'],
    [3, '?,?,?'],
  ])('of %d are "%s"', (count, expected) => {
    expect(marks(count)).toBe(expected);
  });
});

describe('insertRows', () => {
  const rows = [
    [1, 'a'],
    [2, null],
  ];

  it('writes all rows with one statement, the suffix last', async () => {
    const db = new Recorder('postgres');
    await insertRows(db, 't', ['x', 'y'], rows, 'ON CONFLICT (x) DO NOTHING');
    expect(db.statements).toEqual([
      {
        sql: 'INSERT INTO t (x,y) VALUES (?,?),(?,?) ON CONFLICT (x) DO NOTHING',
        parameters: [1, 'a', 2, null],
      },
    ]);
  });

  it('hands SQLite one text, whatever the number of rows', async () => {
    const db = new Recorder('sqlite');
    await insertRows(db, 't', ['x', 'y'], rows, 'ON CONFLICT (x) DO NOTHING');
    expect(db.statements).toEqual([
      {
        sql: 'INSERT INTO t (x,y) SELECT value ->> 0, value ->> 1 FROM jsonb_each(?) WHERE true ON CONFLICT (x) DO NOTHING',
        parameters: ['[[1,"a"],[2,null]]'],
      },
    ]);
  });

  it.each(['sqlite', 'postgres'] as const)('runs nothing for no rows on %s', async (dialect) => {
    const db = new Recorder(dialect);
    await insertRows(db, 't', ['x'], []);
    expect(db.statements).toEqual([]);
  });

  it('stays below the bound on variables, loses and repeats no row, and keeps their order', async () => {
    const shape = fc.record({
      columns: fc.integer({ min: 1, max: 40 }),
      rows: fc.integer({ min: 0, max: 5_000 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ columns, rows }) => {
        const db = new Recorder('postgres');
        const names = Array.from({ length: columns }, (_, index) => `c${index}`);
        const values = Array.from({ length: rows }, (_, row) => names.map((name) => `${name}/${row}`));
        await insertRows(db, 't', names, values);
        for (const { sql, parameters } of db.statements) {
          expect(parameters.length).toBeLessThanOrEqual(32_000);
          expect(sql.split('?').length - 1).toBe(parameters.length);
        }
        expect(db.statements.flatMap((statement) => statement.parameters)).toEqual(values.flat());
        expect(db.statements).toHaveLength(Math.ceil(rows / Math.floor(32_000 / columns)));
      }),
      { numRuns: 25 },
    );
  });
});

describe('Where', () => {
  it('is empty without conditions', () => {
    expect(new Where()).toMatchObject({ sql: '', parameters: [] });
  });

  it('joins what has a value, in order, and leaves out what has none', () => {
    const where = new Where()
      .and('a = ?', 'x')
      .and('b = ?', undefined)
      .and('c = ?', null)
      .and('d = ?', 0)
      .and('e = ?', '')
      .and('f = ?', false);
    expect(where).toMatchObject({
      sql: 'WHERE a = ? AND d = ? AND e = ? AND f = ?',
      parameters: ['x', 0, '', false],
    });
  });
});
