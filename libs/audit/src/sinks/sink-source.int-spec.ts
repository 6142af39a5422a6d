import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { storeOf } from '#persistence';
import { anEvent, OpenedStore, upTo } from '../../../../test/support/opened-store.js';
import { newTestStore } from '../../../../test/support/store.js';
import { SEGMENT } from '../merkle/log-tree.js';
import type { AuditSink, SinkFilter } from './sink.js';
import { type Part, SinkSource } from './sink-source.js';
import { SinkSourceRepository } from './sink-source.repository.js';

const ALL: SinkFilter = { agentId: null, operationTypes: null, decisions: null, source: null };
const aSink = (filter: Partial<SinkFilter> = {}, target = 'https://a/'): AuditSink =>
  ({ filter: { ...ALL, ...filter }, target }) as AuditSink;

const SIZE = 7 * SEGMENT;

describe('the parts of the log that a sink gets', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  let source: SinkSource;

  beforeAll(async () => {
    opened = await OpenedStore.open(test);
    source = new SinkSource(new SinkSourceRepository(opened.reader));
    for (let from = 0; from < SIZE; from += 512)
      await opened.writer.append(opened.ctx, (tx) => {
        for (let seq = from + 1; seq <= from + 512; seq += 1)
          opened.trail.record(tx, anEvent({ operationType: seq % 6_000 ? 'tool_use' : 'rare.one' }));
      });
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  /** What `source` gives from `after` to the end of the log. */
  async function partsOf(sink: AuditSink, after = 0): Promise<Part[]> {
    const parts: Part[] = [];
    for (let part = await source.next(sink, after); part; part = await source.next(sink, part.toSeq))
      parts.push(part);
    return parts;
  }
  const numbersOf = (parts: readonly Part[]): number[] =>
    parts.flatMap((part) => (part.kind === 'batch' ? part.entries.map(({ seq }) => seq) : []));
  const shapeOf = ({ kind, fromSeq, toSeq }: Part): unknown[] => [kind, fromSeq, toSeq];

  it('are all of it, in order, a hundred entries at a time, or five for syslog', async () => {
    const parts = await partsOf(aSink());
    expect(numbersOf(parts)).toEqual(upTo(SIZE));
    expect(parts.map(shapeOf).slice(0, 2)).toEqual([
      ['batch', 1, 100],
      ['batch', 101, 200],
    ]);
    const syslog = await partsOf(aSink({}, 'syslog+tls://a:1'));
    expect([numbersOf(syslog), shapeOf(syslog[0]!)]).toEqual([upTo(SIZE), ['batch', 1, 500]]);
  });

  it('go over what is not for it in windows', async () => {
    expect((await partsOf(aSink({ operationTypes: ['rare.*'] }))).map(shapeOf)).toEqual([
      ['nothing', 1, 5_000],
      ['batch', 5_001, SIZE],
    ]);
    expect((await partsOf(aSink({ operationTypes: ['rare'], decisions: ['denied'] }))).map(shapeOf)).toEqual([
      ['nothing', 1, 5_000],
      ['nothing', 5_001, SIZE],
    ]);
  });

  it('are the same when they are asked for again, however far the log has grown', async () => {
    const sink = aSink({ operationTypes: ['tool_use'] });
    const first = (await source.next(sink, SIZE - 50))!;
    await opened.record();
    const again = await source.next(sink, SIZE - 50, first.toSeq);
    expect(again).toEqual(first);
    expect(shapeOf((await source.next(sink, SIZE - 50))!)).toEqual(['batch', SIZE - 49, SIZE + 1]);
  });

  it('are so few that they fit, but one at the least', async () => {
    const { size } = await new SinkSourceRepository(opened.reader).standing(0);
    const huge = 'x'.repeat(300_000);
    for (const operationDetail of ['a', huge, huge, 'b', huge + huge])
      await opened.record({ operationDetail });
    expect((await partsOf(aSink(), size)).map(({ fromSeq, toSeq }) => toSeq - fromSeq + 1)).toEqual([
      2, 2, 1,
    ]);
  });

  it('name what retention has removed, and go on with what is held', async () => {
    // As retention does it: whole segments, the mark first. The second one is under a hold.
    await opened.writer.run(opened.ctx, async (tx) => {
      await storeOf(tx).query('UPDATE agent_audit_head SET removable_to = ? WHERE id = 1', [3 * SEGMENT]);
      await storeOf(tx).query(
        `DELETE FROM agent_audit_log WHERE seq <= ${SEGMENT} OR (seq > ${2 * SEGMENT} AND seq <= ${3 * SEGMENT})`,
      );
    });
    const kept = await opened.sequence();
    const parts = await partsOf(aSink());
    expect(numbersOf(parts)).toEqual(kept);
    expect(parts.filter(({ kind }) => kind === 'removed').map(shapeOf)).toEqual([
      ['removed', 1, SEGMENT],
      ['removed', 2 * SEGMENT + 1, 3 * SEGMENT],
    ]);
    // Nothing for it is left out silently either where it gets few of them.
    const rare = await partsOf(aSink({ operationTypes: ['rare.one'] }));
    expect(rare.filter(({ kind }) => kind === 'removed')).toHaveLength(2);
    expect(numbersOf(rare)).toEqual([6_000]);
    // From the middle of what is gone on.
    expect(shapeOf((await source.next(aSink(), 500))!)).toEqual(['removed', 501, SEGMENT]);
  });
});
