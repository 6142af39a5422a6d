import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

const POSTGRES_URL = process.env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** Which database the suites run on: `npm test` uses SQLite, `npm run test:services` PostgreSQL. */
export const TEST_DIALECT = process.env['TEST_STORE'] === 'postgres' ? 'postgres' : 'sqlite';

/** A store of its own for one test file: a new file, or a new schema. */
export interface TestStore {
  /** For `DATABASE_URL`. */
  readonly url: string;
  /** A folder that goes with the store. */
  readonly folder: string;
  remove(): Promise<void>;
}

let count = 0;

export function newTestStore(): TestStore {
  const folder = mkdtempSync(join(tmpdir(), 'agent-map-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  if (TEST_DIALECT === 'sqlite') {
    return {
      url: `sqlite:${join(folder, 'store.sqlite')}`,
      folder,
      remove: () => {
        removeFolder();
        return Promise.resolve();
      },
    };
  }
  const schema = `t_${process.pid}_${Date.now().toString(36)}_${(count += 1)}`;
  const url = new URL(POSTGRES_URL);
  url.searchParams.set('schema', schema);
  return {
    url: url.href,
    folder,
    remove: async () => {
      removeFolder();
      const client = new pg.Client({ connectionString: POSTGRES_URL });
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await client.end();
    },
  };
}
