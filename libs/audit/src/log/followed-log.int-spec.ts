import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#kernel';
import { storeOf } from '#persistence';
import { OpenedStore, upTo } from '../../../../test/support/opened-store.js';
import { newTestStore } from '../../../../test/support/store.js';
import { AuditRepository } from '../audit.repository.js';
import { AuditCountsRepository } from '../counts/audit-counts.repository.js';
import { CountsFollower } from '../counts/counts-follower.js';
import { FollowedLog } from './followed-log.js';

describe('the log as what follows it reads it', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  let log: FollowedLog;
  let stored: AuditRepository;
  /** From where the store was read. */
  let readings: number[] = [];
  const seqs = (entries: readonly RecordedEvent[]): number[] => entries.map(({ seq }) => seq);

  beforeAll(async () => {
    opened = await OpenedStore.open(test);
    await Promise.all(upTo(5).map(() => opened.record()));
    stored = new AuditRepository(opened.reader);
    const findAfter = (seq: number, limit: number) => (readings.push(seq), stored.findAfter(seq, limit));
    const noting = Object.create(stored, { findAfter: { value: findAfter } }) as AuditRepository;
    log = new FollowedLog(noting, opened.reader, opened.bus);
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  it('reads what was before it, and has at hand what comes then, as it is stored', async () => {
    await opened.record({ operationDetail: 'a "detail"\n', costMicro: 7, context: '{"a":1.50}' });
    await opened.record({ operationType: 'metric.record', source: 'decided', reason: 'ö' });
    expect([seqs(await log.after(3, 3)), readings]).toEqual([[4, 5, 6], [3]]);
    readings = [];
    expect(await log.after(5, 9)).toEqual(await stored.findAfter(5, 9));
    expect(seqs(await log.after(5, 1))).toEqual([6]);
    expect(readings).toEqual([]);
  });

  it('looks for what others wrote where it has no more', async () => {
    const other = await OpenedStore.open(test);
    const { event } = await other.record();
    expect(seqs(await log.after(7, 9))).toEqual([event?.seq]);
    await other.close();
  });

  it('keeps no text that was erased', async () => {
    await opened.record({ operationDetail: 'secret' });
    const last = (await opened.sequence()).at(-1)!;
    await opened.record({ operationType: 'audit.erase', source: 'decided' });
    readings = [];
    await log.after(last - 1, 9);
    expect(readings).toEqual([last - 1]);
  });

  it('lets go of what was taken', async () => {
    const counts = new CountsFollower(
      new AuditCountsRepository(opened.reader),
      log,
      opened.writer,
      opened.bus,
    );
    await counts.catchUp();
    const { event } = await opened.record();
    const before = event!.seq - 1;
    await log.after(before, 9);
    readings = [];
    await log.after(before, 9);
    expect(readings).toEqual([]);
    await counts.catchUp();
    await log.after(before, 9);
    expect(readings).toEqual([before]);
  });

  it('keeps nothing of a log that another took the place of', async () => {
    const { event } = await opened.record();
    const before = event!.seq - 1;
    readings = [];
    expect(await log.after(before, 9)).toHaveLength(1);
    expect(readings).toEqual([]);
    await log.progressOf('counts');
    await opened.writer.run(opened.ctx, (tx) =>
      storeOf(tx).query(`UPDATE log_followers SET seq = 0 WHERE name = 'counts'`),
    );
    await log.progressOf('counts');
    await log.after(before, 9);
    expect(readings).toEqual([before]);
  });

  it('reads as many as are asked for, by the page', async () => {
    await Promise.all(upTo(1_200).map(() => opened.record()));
    const [all, fresh] = [await opened.sequence(), new FollowedLog(stored, opened.reader, opened.bus)];
    expect(seqs(await fresh.after(0, 1_100))).toEqual(all.slice(0, 1_100));
    expect(seqs(await fresh.after(0, 5_000))).toEqual(all);
  });

  it('reads fewer where they are large', async () => {
    const [from, large] = [(await opened.sequence()).length, 'x'.repeat(60_000)];
    await Promise.all(upTo(600).map(() => opened.record({ operationDetail: large })));
    const fresh = new FollowedLog(stored, opened.reader, opened.bus);
    expect(seqs(await fresh.after(from, 5_000))).toEqual(upTo(500).map((n) => from + n));
  });
});
