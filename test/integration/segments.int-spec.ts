import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { LogTree, SEGMENT, SegmentSealer, SegmentsRepository } from '#audit';
import { rootByInclusion } from '../support/merkle-proofs.js';
import { merkleRoot } from '../support/merkle-tree.js';
import { OpenedStore, openRaw, upTo } from '../support/opened-store.js';
import { newTestStore, TEST_DIALECT } from '../support/store.js';

const REFUSAL = 'audit_segments is append-only';
const SIZE = 2 * SEGMENT + 100;

const FORGERIES = [
  "UPDATE audit_segments SET root = 'forged'",
  'UPDATE audit_segments SET segment = segment',
  'DELETE FROM audit_segments WHERE segment = 1',
  ...(TEST_DIALECT === 'sqlite'
    ? [
        "INSERT OR REPLACE INTO audit_segments VALUES (1, 'forged', x'00')",
        "REPLACE INTO audit_segments VALUES (1, 'forged', x'00')",
        "INSERT INTO audit_segments VALUES (1, 'f', x'00') ON CONFLICT (segment) DO UPDATE SET root = 'f'",
      ]
    : [
        'TRUNCATE audit_segments',
        'SET session_replication_role = replica; DELETE FROM audit_segments',
        "INSERT INTO audit_segments VALUES (1, 'f', '') ON CONFLICT (segment) DO UPDATE SET root = 'f'",
      ]),
];

describe('segments of the log', () => {
  const store = newTestStore();
  let opened: OpenedStore;
  let raw: DataSource;
  let segments: SegmentsRepository;
  let leaves: Buffer[];
  const sealer = () => new SegmentSealer(segments, opened.writer, opened.bus);

  beforeAll(async () => {
    opened = await OpenedStore.open(store);
    segments = new SegmentsRepository(opened.reader);
    // Fewer at once than may wait.
    for (let left = SIZE; left > 0; left -= 500) {
      await Promise.all(
        upTo(Math.min(500, left)).map((n) => opened.record({ operationDetail: `entry ${n}` })),
      );
    }
    raw = await openRaw(store);
    const rows = await opened.reader.query<{ leaf_hash: string }>(
      'SELECT leaf_hash FROM agent_audit_log ORDER BY seq',
    );
    leaves = rows.map(({ leaf_hash }) => Buffer.from(leaf_hash, 'base64'));
  });
  afterAll(async () => {
    await raw.destroy();
    await opened.close();
    await store.remove();
  });

  it('are sealed once they are whole, by whoever comes first', async () => {
    expect(await segments.extent()).toEqual({ size: SIZE, sealed: 0, whole: 2 });
    await Promise.all([sealer().catchUp(), sealer().catchUp()]);
    expect(await segments.extent()).toEqual({ size: SIZE, sealed: 2, whole: 2 });
    const roots = [leaves.slice(0, SEGMENT), leaves.slice(SEGMENT, 2 * SEGMENT)].map(merkleRoot);
    expect(await segments.rootsFrom(0)).toEqual(roots.map((root) => root.toString('base64')));
    expect(await segments.rootsFrom(1)).toEqual(roots.slice(1).map((root) => root.toString('base64')));
  });

  it.each([
    [0, 3],
    [SEGMENT - 2, SEGMENT],
    [2 * SEGMENT, SIZE],
  ])('hold the leaves %i to %i as the rows do', async (from, to) => {
    expect((await segments.leaves({ from, to })).map((hash) => Buffer.from(hash, 'base64'))).toEqual(
      leaves.slice(from, to),
    );
  });

  it('make the tree of any size, and its proofs', async () => {
    const tree = new LogTree(segments);
    for (const size of [1, 700, SEGMENT, SEGMENT + 1, 2 * SEGMENT, SIZE]) {
      expect(await tree.root(size)).toBe(merkleRoot(leaves.slice(0, size)).toString('base64'));
    }
    const proof = (await tree.inclusion(1500, SIZE)).map((hash) => Buffer.from(hash, 'base64'));
    expect(rootByInclusion(leaves[1500] as Buffer, 1500, SIZE, proof)).toEqual(merkleRoot(leaves));
  });

  it.each(FORGERIES)('refuse %s', async (sql) => {
    const before = await opened.reader.query('SELECT * FROM audit_segments ORDER BY segment');
    await expect(raw.query(sql)).rejects.toThrow(REFUSAL);
    expect(await opened.reader.query('SELECT * FROM audit_segments ORDER BY segment')).toEqual(before);
  });
});
