import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isConsistent } from '../../../../test/support/merkle-proofs.js';
import { anEvent, OpenedStore } from '../../../../test/support/opened-store.js';
import { newTestStore, TEST_DIALECT } from '../../../../test/support/store.js';
import { AuditRepository } from '../audit.repository.js';
import { AuditCountsRepository } from '../counts/audit-counts.repository.js';
import { CountsFollower } from '../counts/counts-follower.js';
import { LogProofs } from '../merkle/log-proofs.js';
import { SEGMENT } from '../merkle/log-tree.js';
import { SegmentSealer } from '../merkle/segment-sealer.js';
import { SegmentsRepository } from '../merkle/segments.repository.js';
import { AuditTextRepository } from '../text/audit-text.repository.js';
import { TextFollower } from '../text/text-follower.js';
import { wordsOf } from '../text/words.js';
import { AuditRetention } from './audit-retention.js';
import { HoldsRepository } from './holds.repository.js';
import { RetentionRepository } from './retention.repository.js';

const SIZE = 5 * SEGMENT + 100;
const HOLD = '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11';
const NEVER = {
  holdId: HOLD,
  agentId: null,
  fromTime: null,
  toTime: null,
  releasedBy: null,
  releasedAt: null,
};

describe('retention of the log', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  let retention: AuditRetention;
  let counts: AuditCountsRepository;
  let proofs: LogProofs;
  let holds: HoldsRepository;
  const followers: { catchUp(): Promise<unknown> }[] = [];
  const later = (): number => Date.now() + 1;

  beforeAll(async () => {
    opened = await OpenedStore.open(test);
    const { reader, writer, bus, followed, trail, ctx } = opened;
    counts = new AuditCountsRepository(reader);
    retention = new AuditRetention(new RetentionRepository(reader, counts), counts, writer, trail);
    const segments = new SegmentsRepository(reader);
    const sealer = new SegmentSealer(segments, writer, bus);
    proofs = new LogProofs(segments, sealer);
    holds = new HoldsRepository(reader);
    followers.push(
      sealer,
      new CountsFollower(counts, followed, writer, bus),
      new TextFollower(new AuditTextRepository(), followed, writer, bus),
      // What other libraries follow, they have followed, and will.
      { catchUp: () => opened.followedByOthers() },
    );
    for (let from = 0; from < SIZE; from += 500)
      await writer.append(ctx, (tx) => {
        for (let n = from; n < Math.min(SIZE, from + 500); n += 1)
          trail.record(
            tx,
            anEvent({
              ...{
                operationDetail: `word${Math.floor(n / SEGMENT)}`,
                decision: n % 3 ? 'allowed' : 'denied',
              },
              ...{ agent: { agentId: n === SEGMENT + 7 ? 'held' : 'a', name: 'a', role: 'developer' } },
            }),
          );
      });
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  const rowsOf = async (): Promise<number[]> => opened.sequence();
  /** What the counts say, and what the log itself does. */
  async function decisions(): Promise<[Record<string, number>, Record<string, number>]> {
    const counted = await counts.count({});
    const raw = await opened.reader.query<{ value: string; entries: number }>(
      'SELECT rbac_decision AS value, COUNT(*) AS entries FROM agent_audit_log GROUP BY rbac_decision',
    );
    const of = (rows: readonly { value: string; entries: number }[]) =>
      Object.fromEntries(rows.map(({ value, entries }) => [value, entries]));
    return [of(counted.filter(({ kind }) => kind === 'decision')), of(raw)];
  }
  async function found(word: string): Promise<number> {
    const repository = new AuditRepository(opened.reader);
    const page = await repository.findNewest({ words: wordsOf(word) }, { skip: 0, limit: 500 });
    return page.items.length;
  }

  it('waits until hashes, counts and words are kept', async () => {
    expect(await retention.removeBefore(opened.ctx, later())).toMatchObject({ entries: 0 });
    for (const follower of followers) await follower.catchUp();
  });

  it('says what would go', async () => {
    expect(await retention.removeBefore(opened.ctx, later(), { dryRun: true })).toEqual({
      ...{ entries: 5 * SEGMENT, fromSeq: 1, toSeq: 5 * SEGMENT, heldSegments: 0 },
    });
    expect(await rowsOf()).toHaveLength(SIZE);
  });

  it('lets nothing go that is young', async () => {
    expect(await retention.removeBefore(opened.ctx, Date.now() - 3_600_000)).toMatchObject({ entries: 0 });
    expect(await rowsOf()).toHaveLength(SIZE);
  });

  it('removes whole segments, but none that is under a hold, and says so', async () => {
    const roots = await Promise.all([SEGMENT + 10, 3 * SEGMENT, SIZE].map((size) => proofs.root(size)));
    const hold = { ...NEVER, agentId: 'held', reason: 'case', placedBy: 'test', placedAt: 1 };
    await opened.writer.run(opened.ctx, (tx) => holds.insert(tx, hold));
    const removal = await retention.removeBefore(opened.ctx, later());
    expect(removal).toEqual({ entries: 4 * SEGMENT, fromSeq: 1, toSeq: 5 * SEGMENT, heldSegments: 1 });

    const rows = await rowsOf();
    expect(rows.slice(0, SEGMENT)).toEqual(Array.from({ length: SEGMENT }, (_, n) => SEGMENT + 1 + n));
    expect(rows.slice(SEGMENT)).toEqual(Array.from({ length: 101 }, (_, n) => 5 * SEGMENT + 1 + n));
    const [entry] = await new AuditRepository(opened.reader).findAfter(SIZE, 1);
    expect(entry).toMatchObject({ operationType: 'audit.retention', source: 'decided' });
    expect(JSON.parse(entry?.context ?? '')).toMatchObject({
      ...{ entries: 4 * SEGMENT, from_seq: 1, to_seq: 5 * SEGMENT, held_segments: 1 },
    });

    // Whoever holds an older checkpoint can still be shown that the log has only grown.
    expect(await Promise.all([SEGMENT + 10, 3 * SEGMENT, SIZE].map((size) => proofs.root(size)))).toEqual(
      roots,
    );
    const proof = await proofs.consistency(SEGMENT + 10, SIZE + 1);
    const head = (size: number, root: string) => ({ size, root: Buffer.from(root, 'base64') });
    const hashes = proof.hashes.map((hash) => Buffer.from(hash, 'base64'));
    expect(isConsistent(head(SEGMENT + 10, roots[0] ?? ''), head(SIZE + 1, proof.toRoot), hashes)).toBe(true);
  });

  it('takes what went out of counts and words', async () => {
    const [counted, raw] = await decisions();
    expect(counted).toEqual(raw);
    const empty = await opened.reader.query('SELECT value FROM audit_counts WHERE entries = 0');
    expect(empty).toEqual([]);
    expect(await found('word0')).toBe(0);
    expect(await found('word1')).toBe(500);
    const indexed = TEST_DIALECT === 'sqlite' ? 'audit_text_docsize' : 'audit_text';
    const [left] = await opened.reader.query<{ rows: number }>(`SELECT COUNT(*) AS rows FROM ${indexed}`);
    expect(left?.rows).toBe(SEGMENT + 100);
  });

  it('removes what was held once it is released', async () => {
    await opened.writer.run(opened.ctx, (tx) => holds.release(tx, HOLD, 'test', 2));
    expect(await retention.removeBefore(opened.ctx, later())).toEqual({
      ...{ entries: SEGMENT, fromSeq: SEGMENT + 1, toSeq: 2 * SEGMENT, heldSegments: 0 },
    });
    expect((await rowsOf())[0]).toBe(5 * SEGMENT + 1);
    const [counted, raw] = await decisions();
    expect(counted).toEqual(raw);
  });

  it('counts nothing of what is gone, also before the rows that counted it are cleared up', async () => {
    const repository = new RetentionRepository(opened.reader, counts);
    await opened.writer.append(opened.ctx, (tx) => {
      const agent = { agentId: 'gone', name: 'gone', role: 'developer' };
      for (let i = 0; i < 2 * SEGMENT; i += 1) opened.trail.record(tx, anEvent({ agent }));
    });
    for (const follower of followers) await follower.catchUp();
    for (let after = 0, segment = await repository.findSegment(after); segment;) {
      const found = segment;
      await opened.writer.run(opened.ctx, (tx) => repository.remove(tx, found));
      after = segment.to;
      segment = await repository.findSegment(after);
    }
    const empty = 'SELECT COUNT(*) AS rows FROM audit_counts WHERE entries = 0';
    const [left] = await opened.reader.query<{ rows: number }>(empty);
    expect(left?.rows).toBeGreaterThan(0);
    for (const groupBy of ['day', 'agent', undefined] as const)
      for (const agentId of ['held', undefined])
        for (const { entries } of await counts.count({ agentId, groupBy }))
          expect(entries).toBeGreaterThan(0);
    const [counted, raw] = await decisions();
    expect(counted).toEqual(raw);
    await opened.writer.run(opened.ctx, (tx) => counts.clearUp(tx));
    expect(await opened.reader.query(empty)).toEqual([{ rows: 0 }]);
  });

  it('by two at once removes nothing twice', async () => {
    for (let n = 0; n < 2; n += 1)
      await opened.writer.append(opened.ctx, (tx) => {
        for (let i = 0; i < SEGMENT; i += 1) opened.trail.record(tx, anEvent());
      });
    for (const follower of followers) await follower.catchUp();
    const removals = await Promise.all([1, 2].map(() => retention.removeBefore(opened.ctx, later())));
    expect(removals.reduce((sum, { entries }) => sum + entries, 0)).toBe(2 * SEGMENT);
    expect(removals.map(({ heldSegments }) => heldSegments)).toEqual([0, 0]);
    const [counted, raw] = await decisions();
    expect(counted).toEqual(raw);
  });

  it('breaks off between two segments, and what went is said', async () => {
    await opened.writer.append(opened.ctx, (tx) => {
      for (let i = 0; i < 2 * SEGMENT; i += 1) opened.trail.record(tx, anEvent());
    });
    for (const follower of followers) await follower.catchUp();
    const stop = new AbortController();
    const removed = retention.removeBefore(opened.ctx, later(), {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('stopped')),
    });
    await expect(removed).rejects.toThrow('stopped');
    const newest = (await rowsOf()).at(-1) ?? 0;
    const [entry] = await new AuditRepository(opened.reader).findAfter(newest - 1, 1);
    expect(JSON.parse(entry?.context ?? '')).toMatchObject({ entries: SEGMENT });
  });
});
