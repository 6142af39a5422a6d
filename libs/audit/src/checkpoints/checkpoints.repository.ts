import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf } from '#contract';
import type { TransactionContext } from '#kernel';
import { Reader, type Queryable, storeOf, Where } from '#persistence';
import { Frontier } from '../merkle/frontier.js';
import type { TreeHead } from './signed-note.js';

/** A signed statement of what the log held. */
export interface Checkpoint extends TreeHead {
  /** Its place among the checkpoints of the store, from 1. */
  readonly number: number;
  /** The signed note (C2SP tlog-checkpoint). */
  readonly note: string;
  /** Milliseconds UTC. */
  readonly issuedAt: number;
}

/** A public key that has signed. */
export interface UsedKey {
  /** Raw, base64. */
  readonly publicKey: string;
  /** Milliseconds UTC. */
  readonly firstUsedAt: number;
}

interface CheckpointRow extends TreeHead {
  number: number;
  note: string;
  issued_at: number;
}

const COLUMNS = 'number, origin, size, root, note, issued_at';
const NEWEST = `SELECT ${COLUMNS} FROM audit_checkpoints ORDER BY number DESC LIMIT 1`;
const LOG_ID_BYTES = 16;
/** Names the log of one store; its random part was drawn when the store was made. */
export const ORIGIN = 'agent-reality-map/';

@Injectable()
export class CheckpointsRepository {
  constructor(private readonly reader: Reader) {}

  /** The log as it is committed. */
  async treeHead(): Promise<TreeHead> {
    const [head] = await this.reader.query<{ log_id: string; size: number; frontier: string }>(
      'SELECT log_id, size, frontier FROM agent_audit_head WHERE id = 1',
    );
    if (!head) throw new Error('the log has no head');
    const root = Frontier.parse(head.size, head.frontier).root();
    return { origin: ORIGIN + head.log_id, size: head.size, root };
  }

  findNewest(): Promise<Checkpoint | null> {
    return newestOf(this.reader);
  }

  /** Of the log of this name when it had that size; null where none was made. */
  async findOfSize(origin: string, size: number): Promise<Checkpoint | null> {
    const [row] = await this.reader.query<CheckpointRow>(
      `SELECT ${COLUMNS} FROM audit_checkpoints WHERE origin = ? AND size = ? ORDER BY number DESC LIMIT 1`,
      [origin, size],
    );
    return row ? toCheckpoint(row) : null;
  }

  /** Newest first. */
  async findPage({ skip, limit, after }: Page): Promise<PageOf<Checkpoint>> {
    const where = new Where().andAll('number < ?', after);
    const rows = await this.reader.query<CheckpointRow>(
      `SELECT ${COLUMNS} FROM audit_checkpoints ${where.sql} ORDER BY number DESC LIMIT ? OFFSET ?`,
      [...where.parameters, limit + 1, skip],
    );
    return pageOf(rows.map(toCheckpoint), limit, ({ number }) => [number]);
  }

  /**
   * Keeps a checkpoint, within a transaction, whose lock keeps others from doing so.
   * @returns it, or a newer one of a larger log, which another instance was quicker to make.
   */
  async keep(ctx: TransactionContext, made: Omit<Checkpoint, 'number'>): Promise<Checkpoint> {
    const store = storeOf(ctx);
    const newest = await newestOf(store);
    if (newest && newest.origin === made.origin && newest.size > made.size) return newest;
    const number = (newest?.number ?? 0) + 1;
    await store.query(`INSERT INTO audit_checkpoints (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`, [
      ...[number, made.origin, made.size, made.root, made.note, made.issuedAt],
    ]);
    return { number, ...made };
  }

  /** Gives the log a new origin, within a transaction. */
  async beginNewLog(ctx: TransactionContext): Promise<void> {
    await storeOf(ctx).query('UPDATE agent_audit_head SET log_id = ? WHERE id = 1', [
      randomBytes(LOG_ID_BYTES).toString('hex'),
    ]);
  }

  /** Remembers a public key, base64, from its first use on. */
  async keepKey(ctx: TransactionContext, publicKey: string, now: number): Promise<void> {
    const store = storeOf(ctx);
    const known = await store.query('SELECT 1 AS known FROM audit_keys WHERE public_key = ?', [publicKey]);
    if (known.length > 0) return;
    await store.query('INSERT INTO audit_keys (public_key, first_used_at) VALUES (?, ?)', [publicKey, now]);
  }

  /** Oldest first. */
  async findKeys(): Promise<UsedKey[]> {
    const rows = await this.reader.query<{ public_key: string; first_used_at: number }>(
      'SELECT public_key, first_used_at FROM audit_keys ORDER BY first_used_at, public_key',
    );
    return rows.map((row) => ({ publicKey: row.public_key, firstUsedAt: row.first_used_at }));
  }
}

async function newestOf(db: Queryable): Promise<Checkpoint | null> {
  const [row] = await db.query<CheckpointRow>(NEWEST);
  return row ? toCheckpoint(row) : null;
}

function toCheckpoint({ issued_at, ...row }: CheckpointRow): Checkpoint {
  return { ...row, issuedAt: issued_at };
}
