import type { DataSource } from 'typeorm';
import { placeholders, Reader, type Store } from '#persistence';
import { TEST_DIALECT } from './store.js';

/** A statement, in the words of the database. */
export interface Asked {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A reader that notes what it is asked. */
export class NotingReader extends Reader {
  readonly asked: Asked[] = [];

  constructor(
    store: Store,
    private readonly isNoted: (sql: string) => boolean = () => true,
  ) {
    super(store);
  }

  override query<Row = unknown>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    if (this.isNoted(sql)) this.asked.push({ sql: placeholders(this.dialect, sql), parameters });
    return super.query<Row>(sql, parameters);
  }
}

/** What PostgreSQL does with a table that is small, where it would walk or sort none that is large. */
type Scan = 'seqscan' | 'bitmapscan';

/** How the database would answer, a step a line. @param never kept from PostgreSQL, whose choice goes by the size of tables. */
export async function planOf(
  source: DataSource,
  { sql, parameters }: Asked,
  never: readonly Scan[] = [],
): Promise<string> {
  const runner = source.createQueryRunner();
  try {
    if (TEST_DIALECT === 'sqlite') {
      const rows = (await runner.query(`EXPLAIN QUERY PLAN ${sql}`, [...parameters])) as { detail: string }[];
      return rows.map(({ detail }) => detail).join('\n');
    }
    for (const scan of never) await runner.query(`SET enable_${scan} = off`);
    const rows = (await runner.query(`EXPLAIN (COSTS OFF) ${sql}`, [...parameters])) as Record<
      string,
      string
    >[];
    for (const scan of never) await runner.query(`RESET enable_${scan}`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    await runner.release();
  }
}
