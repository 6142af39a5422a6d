import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#kernel';
import { OpenedStore, upTo } from '../../../../test/support/opened-store.js';
import { newTestStore } from '../../../../test/support/store.js';
import { AuditRepository } from '../audit.repository.js';
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
});
