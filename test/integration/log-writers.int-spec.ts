import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { hashLeaf, leafBody } from '../../libs/audit/src/log/leaf.js';
import { AuditRepository } from '#audit';
import { merkleRoot, rootOfFrontier } from '../support/merkle-tree.js';
import { OpenedStore, upTo } from '../support/opened-store.js';
import { newTestStore } from '../support/store.js';

/** As two instances, or a service and a command, that write to one store. */
describe('two writers of one log', () => {
  const store = newTestStore();
  let first: OpenedStore;
  let second: OpenedStore;
  beforeAll(async () => {
    first = await OpenedStore.open(store);
    second = await OpenedStore.open(store);
  });
  afterEach(async () => {
    await expectWhole();
  });
  afterAll(async () => {
    await second.close();
    await first.close();
    await store.remove();
  });

  /** No number is missing or given twice, and the head is that of the leaves there are. */
  async function expectWhole(): Promise<void> {
    const { reader } = first;
    const rows = await reader.query<{ leaf_hash: string; text_hash: string }>(
      'SELECT leaf_hash, text_hash FROM agent_audit_log ORDER BY seq',
    );
    const events = await new AuditRepository(reader).findAfter(0, rows.length + 1);
    const [head] = await reader.query<{ size: number; frontier: string }>(
      'SELECT size, frontier FROM agent_audit_head',
    );
    expect(await first.sequence()).toEqual(upTo(rows.length));
    expect(head?.size).toBe(rows.length);
    expect(events.map((event, index) => hashLeaf(leafBody(event, rows[index]?.text_hash ?? '')))).toEqual(
      rows.map(({ leaf_hash }) => leaf_hash),
    );
    const leaves = rows.map(({ leaf_hash }) => Buffer.from(leaf_hash, 'base64'));
    expect(rootOfFrontier(head?.frontier ?? '')).toEqual(merkleRoot(leaves));
  }

  it('take turns', async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      await first.record();
      await second.record();
      await second.record();
    }
  });

  it('write at once', async () => {
    const writes = Array.from({ length: 200 }, (_, index) => (index % 3 === 0 ? first : second).record());
    const events = await Promise.all(writes);
    expect(new Set(events.map(({ event }) => event?.seq)).size).toBe(events.length);
  });

  it('write after a unit of several statements, and after one that was undone', async () => {
    for (const each of [first, second, first]) {
      await each.writer.run(each.ctx, (tx) => Promise.resolve(each.trail.record(tx, EVENT)));
      await each.record();
      const undone = each.writer.run(each.ctx, (tx) => {
        each.trail.record(tx, EVENT);
        return Promise.reject(new Error('deliberate'));
      });
      await expect(undone).rejects.toThrow('deliberate');
      await each.record();
    }
  });

  it('lose one entry alone that breaks a constraint', async () => {
    await first.record();
    const broken = { ...EVENT, operationType: null as unknown as string };
    const answers = await Promise.allSettled([first.record(), first.record(broken), first.record()]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await first.record();
  });

  it('keep every kind of value as it was given', async () => {
    const texts = [
      '',
      '0',
      '1.50',
      'null',
      'true',
      '{"a":1}',
      '[1]',
      "it's",
      '\u0001\u2028 ü 😀 \\ "',
      ' 1 ',
    ];
    for (const each of [first, second]) {
      for (const text of texts) {
        const { event } = await each.record({
          operationDetail: text,
          reason: text,
          context: JSON.stringify({ text }),
          toolUseId: text || null,
          costMicro: Number.MAX_SAFE_INTEGER,
          tokensUsed: 0,
        });
        const [kept] = await new AuditRepository(each.reader).findAfter((event?.seq ?? 0) - 1, 1);
        expect(kept).toEqual(event);
      }
    }
  });
});

const EVENT = {
  agent: { agentId: 'unknown', name: 'unknown', role: 'unknown' },
  operationType: 'tool_use',
  decision: 'allowed',
  source: 'reported',
} as const;
