import { Injectable } from '@nestjs/common';
import type { TransactionContext } from '#kernel';
import { Reader, storeOf } from '#persistence';
import { type LeafSource, rootOf, SEGMENT } from './log-tree.js';
import type { LeafRange } from './proof-ranges.js';

const HASH_BYTES = 32;
/** How many roots are read at once. */
const PAGE = 5_000;

/** A whole segment of the log, as it is sealed. */
export interface Segment {
  /** Its place, from 0. */
  readonly segment: number;
  /** Base64. */
  readonly root: string;
  /** SHA-256 hashes one after another. */
  readonly leafHashes: Buffer;
}

/** The leaf hashes of the log: of whole segments as they were sealed, of newer entries as their rows hold them. */
@Injectable()
export class SegmentsRepository implements LeafSource {
  constructor(private readonly reader: Reader) {}

  /** How many entries the log holds, how many whole segments, and how many of those are sealed. */
  async extent(): Promise<{ size: number; whole: number; sealed: number }> {
    const [row] = await this.reader.query<{ sealed: number; size: number }>(
      `SELECT (SELECT COALESCE(MAX(segment), -1) FROM audit_segments) + 1 AS sealed, size
       FROM agent_audit_head WHERE id = 1`,
    );
    const { size, sealed } = row ?? { size: 0, sealed: 0 };
    return { size, whole: Math.floor(size / SEGMENT), sealed };
  }

  async rootsFrom(segment: number): Promise<string[]> {
    const rows = await this.reader.query<{ root: string }>(
      'SELECT root FROM audit_segments WHERE segment >= ? ORDER BY segment LIMIT ?',
      [segment, PAGE],
    );
    return rows.map(({ root }) => root);
  }

  async leaves({ from, to }: LeafRange): Promise<string[]> {
    const start = from - (from % SEGMENT);
    const [sealed] = await this.reader.query<{ leaf_hashes: Buffer }>(
      'SELECT leaf_hashes FROM audit_segments WHERE segment = ?',
      [start / SEGMENT],
    );
    return sealed ? unpacked(sealed.leaf_hashes).slice(from - start, to - start) : this.stored(from, to);
  }

  /** What sealing the segment would keep. @throws Error where one of its entries is missing. */
  async compose(segment: number): Promise<Segment> {
    const from = segment * SEGMENT;
    const hashes = await this.stored(from, from + SEGMENT);
    if (hashes.length !== SEGMENT) throw new Error(`entries after ${from} are missing from the log`);
    const leafHashes = Buffer.concat(hashes.map((hash) => Buffer.from(hash, 'base64')));
    return { segment, root: rootOf(hashes), leafHashes };
  }

  /** Unless another instance has, within a transaction, whose lock keeps it from doing so. */
  async seal(ctx: TransactionContext, { segment, root, leafHashes }: Segment): Promise<void> {
    const store = storeOf(ctx);
    const taken = await store.query('SELECT 1 AS taken FROM audit_segments WHERE segment = ?', [segment]);
    if (taken.length > 0) return;
    await store.query('INSERT INTO audit_segments (segment, root, leaf_hashes) VALUES (?, ?, ?)', [
      ...[segment, root, leafHashes],
    ]);
  }

  private async stored(from: number, to: number): Promise<string[]> {
    const rows = await this.reader.query<{ leaf_hash: string }>(
      'SELECT leaf_hash FROM agent_audit_log WHERE seq > ? AND seq <= ? ORDER BY seq',
      [from, to],
    );
    return rows.map(({ leaf_hash }) => leaf_hash);
  }
}

function unpacked(leafHashes: Buffer): string[] {
  return Array.from({ length: leafHashes.length / HASH_BYTES }, (_, index) =>
    leafHashes.toString('base64', index * HASH_BYTES, (index + 1) * HASH_BYTES),
  );
}
