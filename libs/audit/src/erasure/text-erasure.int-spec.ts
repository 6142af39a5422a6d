import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CopyHolders,
  type OperationContext,
  type RecordedEvent,
  SystemClock,
  type TransactionContext,
  type TransactionRunner,
} from '#kernel';
import { loadPolicy, policyFile, PolicyInForce } from '#rbac';
import { NoAgents } from '../../../../test/support/no-agents.js';
import { OpenedStore, upTo } from '../../../../test/support/opened-store.js';
import { newTestStore, TEST_DIALECT } from '../../../../test/support/store.js';
import { AuditRepository } from '../audit.repository.js';
import { AuditCountsRepository } from '../counts/audit-counts.repository.js';
import { CountsFollower } from '../counts/counts-follower.js';
import { SEGMENT } from '../merkle/log-tree.js';
import { SegmentSealer } from '../merkle/segment-sealer.js';
import { SegmentsRepository } from '../merkle/segments.repository.js';
import { AuditRetention } from '../retention/audit-retention.js';
import { RetentionRepository } from '../retention/retention.repository.js';
import { AuditTextRepository } from '../text/audit-text.repository.js';
import { TextFollower } from '../text/text-follower.js';
import { wordsOf } from '../text/words.js';
import { ErasureRepository } from './erasure.repository.js';
import { ErasureUpkeep } from './erasure-upkeep.js';
import { Overwriting } from './overwriting.js';
import { SearchCopies } from './search-copies.js';
import { TextErasure } from './text-erasure.js';

const PERSON = { id: 'p', kind: 'human' as const, role: 'admin', agentId: null };
const PAGE = { skip: 0, limit: 500 };

/** All that erases, on one process's store. */
function eraserOf(opened: OpenedStore) {
  const { reader, writer, trail } = opened;
  const clock = new SystemClock();
  const policy = new PolicyInForce(loadPolicy(policyFile({ policyFile: null })));
  const repository = new ErasureRepository(reader);
  const text = new AuditTextRepository();
  const holders = new CopyHolders();
  new SearchCopies(text, holders);
  const erasure = new TextErasure(repository, holders, writer, trail, new NoAgents(), clock, policy);
  const overwriting = new Overwriting(repository, text, writer, opened.store, clock);
  const ctx: OperationContext = { ...opened.ctx, principal: PERSON };
  return { holders, text, overwriting, erase: (auditId: string) => erasure.erase(ctx, auditId, 'why') };
}

describe('erasing texts, beneath the service', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  let eraser: ReturnType<typeof eraserOf>;
  let log: AuditRepository;
  beforeAll(async () => {
    opened = await OpenedStore.open(test);
    eraser = eraserOf(opened);
    log = new AuditRepository(opened.reader);
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  const found = async (word: string): Promise<RecordedEvent[]> =>
    (await log.findNewest({ words: wordsOf(word) }, PAGE)).items;
  /** Whether a word stands in the index, be it found or not. */
  async function isStored(word: string): Promise<boolean> {
    const [table, column] =
      TEST_DIALECT === 'sqlite' ? ['audit_text_data', 'block'] : ['audit_text', 'words'];
    const rows = await opened.reader.query<{ text: unknown }>(
      TEST_DIALECT === 'sqlite'
        ? `SELECT ${column} AS text FROM ${table}`
        : `SELECT CAST(${column} AS TEXT) AS text FROM ${table}`,
    );
    return rows.some(({ text }) =>
      (Buffer.isBuffer(text) ? text.toString('latin1') : String(text)).includes(word),
    );
  }
  const indexAll = async (): Promise<void> => {
    await new TextFollower(eraser.text, opened.followed, opened.writer, opened.bus).catchUp();
  };

  it('is not undone by an index that read the words before', async () => {
    const { auditId } = await opened.record({ operationDetail: 'zqrace' });
    await opened.record({ operationDetail: 'zqother' });
    const between = {
      run: async (ctx: OperationContext, work: (tx: TransactionContext) => Promise<unknown>) => {
        await eraser.erase(auditId);
        return opened.writer.run(ctx, work);
      },
    } as TransactionRunner;
    await new TextFollower(eraser.text, opened.followed, between, opened.bus).catchUp();
    expect([await found('zqrace'), (await found('zqother')).length]).toEqual([[], 1]);
    expect(await isStored('zqrace')).toBe(false);
  });

  it('is shown at once by another process that listed the entry before', async () => {
    const { auditId } = await opened.record({ operationDetail: 'listed' });
    const other = await OpenedStore.open(test);
    const listing = new AuditRepository(other.reader);
    const first = async (): Promise<RecordedEvent | undefined> =>
      (await listing.findNewest({}, PAGE)).items.find((event) => event.auditId === auditId);
    expect(await first()).toMatchObject({ operationDetail: 'listed', erased: false });
    await eraser.erase(auditId);
    expect(await first()).toMatchObject({ operationDetail: null, erased: true });
    await other.close();
  });

  it('by two processes at once is done and recorded once', async () => {
    const { auditId } = await opened.record({ operationDetail: 'twice' });
    const other = await OpenedStore.open(test);
    const second = eraserOf(other);
    const both = await Promise.all([1, 2, 3, 4].map((n) => (n % 2 ? eraser : second).erase(auditId)));
    expect(new Set(both.map(({ recordId }) => recordId)).size).toBe(1);
    await other.close();
  });

  it('leaves nothing done where a holder of copies fails', async () => {
    const { auditId } = await opened.record({ operationDetail: 'zqkept' });
    await indexAll();
    const failing = eraserOf(opened);
    failing.holders.add({ what: 'x', order: 7, erase: () => Promise.reject(new Error('no')) });
    const before = await opened.sequence();
    await expect(failing.erase(auditId)).rejects.toThrow('no');
    expect(await opened.sequence()).toEqual(before);
    expect((await found('zqkept')).map(({ operationDetail }) => operationDetail)).toEqual(['zqkept']);
    await eraser.erase(auditId);
    expect(await found('zqkept')).toEqual([]);
  });

  it('takes words out of the index itself, also those that were left when a process ended', async () => {
    const { auditId } = await opened.record({ operationDetail: 'zqgone zqgone2' });
    for (let batch = 0; batch < 3; batch += 1)
      await Promise.all(upTo(700).map((n) => opened.record({ operationDetail: `stays b${batch}n${n}` })));
    await indexAll();
    await eraser.erase(auditId);
    expect(await found('zqgone')).toEqual([]);
    // As at the next start: nobody has worked it off.
    const next = new ErasureUpkeep(opened.bus, log, eraser.overwriting);
    next.onApplicationBootstrap();
    expect(await eraser.overwriting.run()).toBe(true);
    expect([await isStored('zqgone'), await isStored('zqkept')]).toEqual([false, false]);
    const left = await opened.reader.query('SELECT seq FROM audit_erasures WHERE overwritten_at IS NULL');
    expect(left).toEqual([]);
    expect([(await found('stays')).length, (await found('b2n700')).length]).toEqual([500, 1]);
    await next.onModuleDestroy();
  });

  it('says that it is not done while somebody reads, and keeps nobody waiting', async () => {
    if (TEST_DIALECT === 'postgres') return;
    const { auditId } = await opened.record({ operationDetail: 'busy' });
    await eraser.erase(auditId);
    const [, source] = opened.sources;
    await source.query('BEGIN');
    await source.query('SELECT COUNT(*) FROM agent_audit_log');
    const stop = new AbortController();
    const run = eraser.overwriting.run(stop.signal);
    await opened.record({ operationDetail: 'meanwhile' });
    expect(await opened.store.emptyWal()).toBe(false);
    stop.abort(new Error('stopped'));
    await expect(run).rejects.toThrow('stopped');
    await source.query('COMMIT');
    expect(await eraser.overwriting.run()).toBe(true);
  });

  it('goes with its entry when that is old', async () => {
    const counts = new AuditCountsRepository(opened.reader);
    await opened.writer.append(opened.ctx, (tx) => {
      for (let n = 0; n < SEGMENT; n += 1) opened.trail.record(tx, { ...OLD, operationDetail: `old ${n}` });
    });
    const followers = [
      new SegmentSealer(new SegmentsRepository(opened.reader), opened.writer, opened.bus),
      new CountsFollower(counts, opened.followed, opened.writer, opened.bus),
      new TextFollower(eraser.text, opened.followed, opened.writer, opened.bus),
    ];
    for (const follower of followers) await follower.catchUp();
    const retention = new AuditRetention(
      new RetentionRepository(opened.reader, counts),
      counts,
      opened.writer,
      opened.trail,
    );
    await opened.followedByOthers();
    const { toSeq } = await retention.removeBefore(opened.ctx, Date.now() + 1);
    expect(toSeq).toBeGreaterThan(0);
    const rows = await opened.reader.query('SELECT seq FROM audit_erasures WHERE seq <= ?', [toSeq]);
    expect(rows).toEqual([]);
  });
});

const OLD = {
  agent: { agentId: 'unknown', name: 'unknown', role: 'unknown' },
  ...{ operationType: 'tool_use', decision: 'allowed', source: 'reported' as const },
};
