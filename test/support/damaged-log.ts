import type { DataSource, QueryRunner } from 'typeorm';
import {
  Frontier,
  hashLeaf,
  hashText,
  leafBody,
  LogVerifier,
  SEGMENT,
  textBody,
  type VerificationOptions,
  type VerificationReport,
  VerificationRepository,
} from '#audit';
import { placeholders, Reader, type Store } from '#persistence';
import { CheckpointsRepository } from '../../libs/audit/src/checkpoints/checkpoints.repository.js';
import { EVENT_COLUMNS, type LogRow, toRecordedEvent } from '../../libs/audit/src/log/log-columns.js';
import { rootOf } from '../../libs/audit/src/merkle/log-tree.js';
import { copyOf } from './copied-store.js';
import { openRaw } from './opened-store.js';
import { TEST_DIALECT, type TestStore } from './store.js';

type Sealed = LogRow & { text_salt: string; text_hash: string; leaf_hash: string };

/** What a test expects to be told. */
export interface Told {
  readonly kind: string;
  readonly seq: number | null;
  readonly auditId: string | null;
  /** Where it is another than `seq`. */
  readonly lastSeq?: number | null;
  readonly foundAt?: number;
}

/**
 * A copy of a log in the hands of somebody who owns its schema and knows how it is made. What is done to it between `begin` and
 * `undo` is undone, and seen by its own verification alone.
 */
export class DamagedLog {
  private readonly verifier: LogVerifier;

  private constructor(
    readonly store: TestStore,
    private readonly raw: DataSource,
    private readonly runner: QueryRunner,
  ) {
    const read = (sql: string, parameters: readonly unknown[]) => this.run(sql, parameters);
    const reader = new Reader({ dialect: TEST_DIALECT, read } as Store);
    this.verifier = new LogVerifier(new VerificationRepository(reader), new CheckpointsRepository(reader));
  }

  static async of(store: TestStore): Promise<DamagedLog> {
    const copy = await copyOf(store);
    const raw = await openRaw(copy);
    return new DamagedLog(copy, raw, raw.createQueryRunner());
  }

  async begin(): Promise<void> {
    await this.run('BEGIN');
  }

  async undo(): Promise<void> {
    await this.run('ROLLBACK');
  }

  async remove(): Promise<void> {
    await this.runner.release();
    await this.raw.destroy();
    await this.store.remove();
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- rows are read as they come
  run(sql: string, parameters: readonly unknown[] = []): Promise<any> {
    return this.runner.query(placeholders(TEST_DIALECT, sql), [...parameters]);
  }

  async rowAt(seq: number): Promise<Sealed> {
    return (await this.run('SELECT * FROM agent_audit_log WHERE seq = ?', [seq]))[0];
  }

  async idOf(seq: number): Promise<string> {
    return (await this.rowAt(seq)).audit_id;
  }

  verify(options: Partial<VerificationOptions> = {}): Promise<VerificationReport> {
    return this.verifier.verify({ pace: { page: 1_000, signatures: 100, readsAhead: true }, ...options });
  }

  /** @param held notes that somebody else has kept. */
  async told(held: readonly string[] = []): Promise<Told[]> {
    const { findings } = await this.verify({ held });
    return findings.map(({ kind, seq, lastSeq, auditId, foundAt }) => ({
      ...{ kind, seq, auditId },
      ...(lastSeq === seq ? {} : { lastSeq }),
      ...(foundAt === null ? {} : { foundAt }),
    }));
  }

  /** Makes the head, and the segments, agree with the rows. */
  async rewriteHashes(withSegments = true): Promise<void> {
    const rows: { leaf_hash: string }[] = await this.run(
      'SELECT leaf_hash FROM agent_audit_log ORDER BY seq',
    );
    const frontier = Frontier.parse(0, '');
    for (const row of rows) frontier.append(row.leaf_hash);
    await this.run('UPDATE agent_audit_head SET size = ?, frontier = ?', [
      ...[frontier.size, frontier.toString()],
    ]);
    if (!withSegments) return;
    for (let segment = 0; (segment + 1) * SEGMENT <= rows.length; segment += 1) {
      const hashes = rows.slice(segment * SEGMENT, (segment + 1) * SEGMENT).map((row) => row.leaf_hash);
      const bytes = Buffer.concat(hashes.map((hash) => Buffer.from(hash, 'base64')));
      await this.run('UPDATE audit_segments SET root = ?, leaf_hashes = ? WHERE segment = ?', [
        ...[rootOf(hashes), bytes, segment],
      ]);
    }
  }

  /** Another content with hashes that go with it. */
  async rewriteEntry(seq: number): Promise<void> {
    await this.run("UPDATE agent_audit_log SET operation_detail = 'nothing' WHERE seq = ?", [seq]);
    await this.resealEntry(seq);
  }

  async resealEntry(seq: number): Promise<void> {
    const row = await this.rowAt(seq);
    const event = toRecordedEvent(row);
    const textHash = hashText(Buffer.from(row.text_salt, 'base64'), textBody(event));
    await this.run('UPDATE agent_audit_log SET text_hash = ?, leaf_hash = ? WHERE seq = ?', [
      ...[textHash, hashLeaf(leafBody(event, textHash)), seq],
    ]);
  }

  /** A row with the contents of another entry. @returns its id. */
  async insertAt(seq: number): Promise<string> {
    const auditId = `forged-${seq}`;
    const columns = EVENT_COLUMNS.slice(2).join(', ');
    await this.run(
      `INSERT INTO agent_audit_log (seq, audit_id, ${columns}, text_salt, text_hash, leaf_hash)
       SELECT ${seq}, '${auditId}', ${columns}, text_salt, text_hash, leaf_hash FROM agent_audit_log WHERE seq = 3333`,
    );
    return auditId;
  }

  /** Numbers all entries from one on anew. */
  async renumber(from: number, by: number): Promise<void> {
    await this.run('UPDATE agent_audit_log SET seq = -(seq + ?) WHERE seq >= ?', [by, from]);
    await this.run('UPDATE agent_audit_log SET seq = -seq WHERE seq < 0');
  }

  async swap(one: number, other: number): Promise<void> {
    await this.run('UPDATE agent_audit_log SET seq = -1 WHERE seq = ?', [one]);
    await this.run('UPDATE agent_audit_log SET seq = ? WHERE seq = ?', [one, other]);
    await this.run('UPDATE agent_audit_log SET seq = ? WHERE seq = -1', [other]);
  }
}
