import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf } from '#contract';
import type { TransactionContext } from '#kernel';
import { Reader, storeOf, Where } from '#persistence';

export interface PolicyVersion {
  /** SHA-256 of the document, hex. */
  readonly version: string;
  /** Milliseconds UTC, of the last time. */
  readonly loadedAt: number;
  /** The principal that loaded it then. */
  readonly loadedBy: string;
}

interface VersionRow {
  version: string;
  loaded_at: number;
  loaded_by: string;
}

/** Every policy that was in force, so that old decisions can be understood. */
@Injectable()
export class PolicyVersionsRepository {
  constructor(private readonly reader: Reader) {}

  async findDocument(version: string): Promise<string | null> {
    const sql = 'SELECT document FROM policy_versions WHERE version = ?';
    const [row] = await this.reader.query<{ document: string }>(sql, [version]);
    return row?.document ?? null;
  }

  /** Newest first. */
  async findPage({ skip, limit, after }: Page): Promise<PageOf<PolicyVersion>> {
    const where = new Where().andAll('(loaded_at, version) < (?, ?)', after);
    const rows = await this.reader.query<VersionRow>(
      `SELECT version, loaded_at, loaded_by FROM policy_versions ${where.sql}
       ORDER BY loaded_at DESC, version DESC LIMIT ? OFFSET ?`,
      [...where.parameters, limit + 1, skip],
    );
    const versions = rows.map((row) => ({
      version: row.version,
      loadedAt: row.loaded_at,
      loadedBy: row.loaded_by,
    }));
    return pageOf(versions, limit, ({ loadedAt, version }) => [loadedAt, version]);
  }

  async keep(ctx: TransactionContext, version: PolicyVersion, document: string): Promise<void> {
    await storeOf(ctx).query(
      'INSERT INTO policy_versions (version, document, loaded_at, loaded_by) VALUES (?, ?, ?, ?) ON CONFLICT (version) DO UPDATE SET loaded_at = excluded.loaded_at, loaded_by = excluded.loaded_by',
      [version.version, document, version.loadedAt, version.loadedBy],
    );
  }
}
