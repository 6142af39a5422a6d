import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SEGMENT } from '#audit';
import { DamagedLog } from '../support/damaged-log.js';
import { copyOf } from '../support/copied-store.js';
import { merkleRoot } from '../support/merkle-tree.js';
import { OpenedStore } from '../support/opened-store.js';
import { aNote, aSigningKey, growLog, signLog } from '../support/signed-log.js';
import { newTestStore, TEST_DIALECT, type TestStore } from '../support/store.js';

const SIZE = 10_000;
/** In the middle of a sealed segment, at both ends of one, and in the part that is not sealed yet. */
const PLACES = TEST_DIALECT === 'sqlite' ? [1, 5_000, 4 * SEGMENT, 4 * SEGMENT + 1, 9_700] : [5_000, 9_700];

describe('damage to the log', () => {
  const store = newTestStore();
  const key = aSigningKey();
  /** Kept by somebody else. */
  const held: string[] = [];
  let earlier: TestStore;
  let log: DamagedLog;

  beforeAll(async () => {
    const opened = await OpenedStore.open(store);
    for (const size of [3_000, 6_000, 8_000, SIZE]) {
      await growLog(opened, size);
      held.push(await signLog(opened, key));
      if (size === 8_000) earlier = await copyOf(store);
    }
    await opened.close();
  }, 120_000);
  afterEach(() => log.remove());
  afterAll(async () => {
    await earlier.remove();
    await store.remove();
  });

  async function take(of = store): Promise<void> {
    log = await DamagedLog.of(of);
  }

  it('is not found where there is none', async () => {
    await take();
    for (const page of [256, SIZE]) {
      expect(
        await log.verify({ held, pace: { page, signatures: 3, readsAhead: page === SIZE } }),
      ).toMatchObject({
        ...{ size: SIZE, checked: SIZE, erased: 0, findings: [], more: 0 },
        agreed: { stored: 4, held: 4 },
      });
    }
  });

  it('is not found in an empty log', async () => {
    const empty = newTestStore();
    await (await OpenedStore.open(empty)).close();
    await take(empty);
    await empty.remove();
    expect(await log.verify()).toMatchObject({ size: 0, checked: 0, findings: [], more: 0 });
  });

  it('is not what erasing the text of an entry is', async () => {
    await take();
    await log.run(
      `UPDATE agent_audit_log SET text_salt = NULL, operation_detail = NULL, target_resource = NULL, rbac_reason = NULL,
       context = NULL WHERE seq IN (12, 5000)`,
    );
    expect(await log.verify({ held })).toMatchObject({ erased: 2, findings: [] });
  });

  it.each(['operation_detail', 'target_resource', 'rbac_reason', 'context', 'text_salt'])(
    'is found where %s alone is taken away',
    async (column) => {
      await take();
      await log.run(`UPDATE agent_audit_log SET ${column} = NULL WHERE seq = 5004`);
      expect(await log.told()).toEqual([{ kind: 'changed', seq: 5_004, auditId: await log.idOf(5_004) }]);
    },
  );

  describe.each([5_000, 9_700])('in a column of entry %i', (seq) => {
    it.each([
      ...[
        'operation_detail',
        'agent_id',
        'agent_name',
        'agent_role',
        'rbac_decision',
        'audit_id',
        'principal_id',
      ],
      ...['operation_type', 'source', 'trace_id', 'leaf_hash', 'text_hash', 'text_salt'],
    ])('is found where one character of %s is another', async (column) => {
      await take();
      const value = String(((await log.rowAt(seq)) as unknown as Record<string, unknown>)[column]);
      // The last character before the padding: of a salt it holds bits that mean nothing.
      const at = column === 'text_salt' ? 42 : value.length >> 1;
      const other = value[at] === 'A' ? 'B' : 'A';
      const flipped = value.slice(0, at) + other + value.slice(at + 1);
      await log.run(`UPDATE agent_audit_log SET ${column} = ? WHERE seq = ?`, [flipped, seq]);
      expect(await log.told(held)).toEqual([{ kind: 'changed', seq, auditId: await log.idOf(seq) }]);
    });

    it.each(['cost_micro', 'recorded_at'])('is found where %s is another', async (column) => {
      await take();
      await log.run(`UPDATE agent_audit_log SET ${column} = ${column} + 1 WHERE seq = ?`, [seq]);
      expect(await log.told()).toEqual([{ kind: 'changed', seq, auditId: await log.idOf(seq) }]);
    });
  });

  describe.each(PLACES)('at entry %i', (seq) => {
    it('is found where its number is another', async () => {
      await take();
      const auditId = await log.idOf(seq);
      await log.run('UPDATE agent_audit_log SET seq = 20000 WHERE seq = ?', [seq]);
      expect(await log.told()).toEqual([{ kind: 'reordered', seq, auditId, foundAt: 20_000 }]);
    });

    it('is found where it is gone', async () => {
      await take();
      await log.run('DELETE FROM agent_audit_log WHERE seq = ?', [seq]);
      expect(await log.told()).toEqual([{ kind: 'missing', seq, auditId: null }]);
    });

    it('is found where it is gone and the entries behind it are renumbered', async () => {
      await take();
      await log.run('DELETE FROM agent_audit_log WHERE seq = ?', [seq]);
      await log.renumber(seq, -1);
      expect(await log.told()).toEqual([{ kind: 'missing', seq, auditId: null }]);
    });

    it('is found where another was put before it', async () => {
      await take();
      await log.renumber(seq, 1);
      const auditId = await log.insertAt(seq);
      expect(await log.told()).toEqual([{ kind: 'inserted', seq, auditId }]);
    });

    it('is found where one with hashes of its own was put before it', async () => {
      await take();
      await log.renumber(seq, 1);
      const auditId = await log.insertAt(seq);
      await log.resealEntry(seq);
      expect(await log.told()).toEqual([{ kind: 'inserted', seq, auditId }]);
    });

    it.each([1, 2, 250])('is found where it and the one %i behind have changed places', async (distance) => {
      await take();
      const [first, second] = [await log.idOf(seq), await log.idOf(seq + distance)];
      await log.swap(seq, seq + distance);
      expect(await log.told()).toEqual([
        { kind: 'reordered', seq, auditId: first, foundAt: seq + distance },
        { kind: 'reordered', seq: seq + distance, auditId: second, foundAt: seq },
      ]);
    });
  });

  it('is found where all entries were renumbered', async () => {
    await take();
    const auditId = await log.idOf(1);
    await log.renumber(1, 1);
    expect(await log.told()).toEqual([{ kind: 'reordered', seq: 1, lastSeq: SIZE, auditId, foundAt: 2 }]);
  });

  it('is found in several places at once', async () => {
    await take();
    await log.run("UPDATE agent_audit_log SET agent_role = 'admin' WHERE seq IN (17, 9900)");
    await log.run('DELETE FROM agent_audit_log WHERE seq BETWEEN 4000 AND 4010');
    expect(await log.told()).toEqual([
      { kind: 'changed', seq: 17, auditId: await log.idOf(17) },
      { kind: 'missing', seq: 4_000, lastSeq: 4_010, auditId: null },
      { kind: 'changed', seq: 9_900, auditId: await log.idOf(9_900) },
    ]);
  });

  it('is not what removing the rows of whole segments is', async () => {
    await take();
    await log.run('DELETE FROM agent_audit_log WHERE seq <= ?', [4 * SEGMENT]);
    await log.run("UPDATE agent_audit_log SET agent_role = 'admin' WHERE seq = 4097");
    expect(await log.told()).toContainEqual({ kind: 'missing', seq: 1, lastSeq: 4 * SEGMENT, auditId: null });
    await log.run('UPDATE agent_audit_head SET removable_to = ?', [4 * SEGMENT]);
    expect(await log.verify({ held })).toMatchObject({
      ...{ size: SIZE, checked: SIZE - 4 * SEGMENT, agreed: { stored: 4, held: 4 } },
      findings: [{ kind: 'changed', seq: 4_097, auditId: await log.idOf(4_097) }],
    });
  });

  it('is found in what may go and is there, such as under a hold', async () => {
    await take();
    await log.run('DELETE FROM agent_audit_log WHERE seq <= ? OR (seq > ? AND seq <= ?)', [
      ...[SEGMENT, 2 * SEGMENT, 3 * SEGMENT],
    ]);
    await log.run('DELETE FROM agent_audit_log WHERE seq = 1100');
    await log.run('UPDATE agent_audit_head SET removable_to = ?', [3 * SEGMENT]);
    expect(await log.told(held)).toEqual([{ kind: 'missing', seq: 1_100, auditId: null }]);
  });

  it.each([9_999, 9_500, 9_000])('is found where all entries behind %i are gone', async (last) => {
    await take();
    await log.run('DELETE FROM agent_audit_log WHERE seq > ?', [last]);
    const truncated = { kind: 'truncated', seq: last + 1, auditId: null };
    const expected = last + 1 === SIZE ? truncated : { ...truncated, lastSeq: SIZE };
    expect(await log.told()).toEqual([expected]);
    await log.rewriteHashes(false);
    expect(await log.told()).toEqual([expected]);
  });

  it('is found where an entry was put behind the last', async () => {
    await take();
    const auditId = await log.insertAt(SIZE + 1);
    expect(await log.told()).toEqual([{ kind: 'inserted', seq: SIZE + 1, auditId }]);
  });

  it('is found against a held checkpoint where the whole store is an earlier copy', async () => {
    await take(earlier);
    expect(await log.told()).toEqual([]);
    expect(await log.told(held.slice(0, 3))).toEqual([]);
    expect(await log.told(held)).toEqual([{ kind: 'rolled_back', seq: 8_001, lastSeq: SIZE, auditId: null }]);
  });

  it('is found against held checkpoints where an entry, all hashes and all checkpoints were rewritten', async () => {
    await take();
    await log.rewriteEntry(4_500);
    await log.rewriteHashes();
    await log.run('DELETE FROM audit_checkpoints');
    expect(await log.told()).toEqual([]);
    expect(await log.told(held)).toEqual([{ kind: 'rewritten', seq: 3_001, lastSeq: 6_000, auditId: null }]);
    expect(await log.told(held.slice(1))).toEqual([
      { kind: 'rewritten', seq: 1, lastSeq: 6_000, auditId: null },
    ]);
    expect(await log.told(held.slice(0, 1))).toEqual([]);
  });

  it('is found by stored checkpoints where those were forgotten', async () => {
    await take();
    await log.rewriteEntry(9_500);
    await log.rewriteHashes();
    expect(await log.told()).toEqual([{ kind: 'rewritten', seq: 8_001, lastSeq: SIZE, auditId: null }]);
  });

  it.each([5_000, 9_700])('is found where entry %i was rewritten with its own hashes alone', async (seq) => {
    await take();
    await log.rewriteEntry(seq);
    await log.run('DELETE FROM audit_checkpoints');
    // Of what is not sealed the head alone says something, and only of parts.
    const expected =
      seq === 5_000
        ? { kind: 'changed', seq, auditId: await log.idOf(seq) }
        : { kind: 'rewritten', seq: 9_217, lastSeq: 9_728, auditId: null };
    expect(await log.told()).toEqual([expected]);
  });

  it('is found in the head', async () => {
    await take();
    const [{ frontier }] = await log.run('SELECT frontier FROM agent_audit_head');
    await log.run('UPDATE agent_audit_head SET frontier = ?', [
      frontier.startsWith('A') ? `B${frontier.slice(1)}` : `A${frontier.slice(1)}`,
    ]);
    expect(await log.told()).toEqual([{ kind: 'head', seq: null, auditId: null }]);
    await log.run('UPDATE agent_audit_head SET size = 9000, frontier = ?', [frontier]);
    expect(await log.told()).toEqual([{ kind: 'head', seq: 9_001, lastSeq: SIZE, auditId: null }]);
    await log.run('DELETE FROM agent_audit_head');
    expect((await log.verify()).findings.map(({ kind }) => kind)).toContain('head');
  });

  it.each([
    [
      'its root',
      'UPDATE audit_segments SET root = (SELECT root FROM audit_segments WHERE segment = 3) WHERE segment = 2',
    ],
    [
      'its leaves',
      'UPDATE audit_segments SET leaf_hashes = (SELECT leaf_hashes FROM audit_segments WHERE segment = 3) WHERE segment = 2',
    ],
    ['all of it', 'DELETE FROM audit_segments WHERE segment = 2'],
  ])('is found in a sealed segment: %s', async (_what, sql) => {
    await take();
    await log.run(sql);
    const place = { seq: 2 * SEGMENT + 1, lastSeq: 3 * SEGMENT };
    expect(await log.told()).toEqual([{ kind: 'segment', ...place, auditId: null }]);
  });

  it.each([
    ['its size', 'UPDATE audit_checkpoints SET size = 5999 WHERE number = 2', /checkpoint 2 is not what/],
    ['its note', "UPDATE audit_checkpoints SET note = 'note' WHERE number = 2", /checkpoint 2 is no signed/],
    [
      'its signature',
      "UPDATE audit_checkpoints SET note = REPLACE(note, '6000', '6001') WHERE number = 2",
      /2 is not signed/,
    ],
    ['all of it', 'DELETE FROM audit_checkpoints WHERE number = 2', /checkpoint 2 is missing/],
    ['the keys', 'DELETE FROM audit_keys', /checkpoint 1 is not signed by a known key/],
  ])('is found in a stored checkpoint: %s', async (_what, sql, detail) => {
    await take();
    await log.run(sql);
    const { findings } = await log.verify();
    expect(findings[0]).toMatchObject({ kind: 'checkpoint', detail: expect.stringMatching(detail) });
  });

  it('is found in stored checkpoints that have changed places, also where the log was cut off to fit', async () => {
    await take();
    await log.run('UPDATE audit_checkpoints SET number = 100 + number WHERE number IN (2, 4)');
    await log.run('UPDATE audit_checkpoints SET number = 106 - number WHERE number > 100');
    const fewer = [3, 4].map(
      (number) => `The stored checkpoint ${number} is of fewer entries than one before it.`,
    );
    expect((await log.verify()).findings.map(({ detail }) => detail)).toEqual(fewer);
    await log.run('DELETE FROM agent_audit_log WHERE seq > 6000');
    await log.run('DELETE FROM audit_segments WHERE segment >= ?', [Math.floor(6_000 / SEGMENT)]);
    await log.rewriteHashes();
    expect((await log.verify()).findings.map(({ detail }) => detail)).toEqual([
      'The log holds 6000 entries, while stored checkpoint 2 was signed for 10000: it is an earlier copy.',
      ...fewer,
    ]);
  });

  it('is found where a store was put in the place of another', async () => {
    await take();
    await log.run("UPDATE agent_audit_head SET log_id = 'other'");
    expect((await log.verify({ held: held.slice(0, 1) })).findings.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/held checkpoint 1 is about another log/),
      expect.stringMatching(/None of the 4 stored checkpoints is about this log/),
    ]);
  });

  it('is found in checkpoints of a held size with another root, signed by the same key', async () => {
    await take();
    const [origin = ''] = (held[0] ?? '').split('\n');
    const forged = aNote({ origin, size: 3_000, root: merkleRoot([]).toString('base64') }, key);
    expect(await log.told([forged])).toEqual([{ kind: 'rewritten', seq: 1, lastSeq: 3_000, auditId: null }]);
  });

  it('is found where bytes stand in the place of text', async () => {
    await take();
    if (TEST_DIALECT === 'postgres') return; // Its columns take nothing but their type.
    await log.run("UPDATE agent_audit_log SET agent_name = x'ff00' WHERE seq = 77");
    expect(await log.told()).toEqual([{ kind: 'changed', seq: 77, auditId: await log.idOf(77) }]);
  });
});
