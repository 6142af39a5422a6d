import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SEGMENT } from '#audit';
import { DamagedLog } from '../support/damaged-log.js';
import { OpenedStore } from '../support/opened-store.js';
import { aSigningKey, growLog, signLog } from '../support/signed-log.js';
import { newTestStore, TEST_DIALECT } from '../support/store.js';

const SIZE = 10_000;
/** In the middle of a sealed segment, at both ends of one, and in the part that is not sealed yet. */
const PLACES = [1, 5_000, 4 * SEGMENT, 4 * SEGMENT + 1, 9_700];

describe('damage to the entries of the log', () => {
  const store = newTestStore();
  const key = aSigningKey();
  /** Kept by somebody else. */
  const held: string[] = [];
  let log: DamagedLog;

  beforeAll(async () => {
    const opened = await OpenedStore.open(store);
    for (const size of [3_000, 6_000, 8_000, SIZE]) {
      await growLog(opened, size);
      held.push(await signLog(opened, key));
    }
    await opened.close();
    log = await DamagedLog.of(store);
  }, 120_000);
  beforeEach(() => log.begin());
  afterEach(() => log.undo());
  afterAll(async () => {
    await log.remove();
    await store.remove();
  });

  it('is not found where there is none', async () => {
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
    const copy = await DamagedLog.of(empty);
    await empty.remove();
    expect(await copy.verify()).toMatchObject({ size: 0, checked: 0, findings: [], more: 0 });
    await copy.remove();
  });

  it('is not what erasing the text of an entry is', async () => {
    await log.run(
      `UPDATE agent_audit_log SET text_salt = NULL, operation_detail = NULL, target_resource = NULL, rbac_reason = NULL,
       context = NULL WHERE seq IN (12, 5000)`,
    );
    expect(await log.verify({ held })).toMatchObject({ erased: 2, findings: [] });
  });

  it.each(['operation_detail', 'target_resource', 'rbac_reason', 'context', 'text_salt'])(
    'is found where %s alone is taken away',
    async (column) => {
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
      const value = String(((await log.rowAt(seq)) as unknown as Record<string, unknown>)[column]);
      // The last character before the padding: of a salt it holds bits that mean nothing.
      const at = column === 'text_salt' ? 42 : value.length >> 1;
      const other = value[at] === 'A' ? 'B' : 'A';
      const flipped = value.slice(0, at) + other + value.slice(at + 1);
      await log.run(`UPDATE agent_audit_log SET ${column} = ? WHERE seq = ?`, [flipped, seq]);
      expect(await log.told(held)).toEqual([{ kind: 'changed', seq, auditId: await log.idOf(seq) }]);
    });

    it.each(['cost_micro', 'recorded_at'])('is found where %s is another', async (column) => {
      await log.run(`UPDATE agent_audit_log SET ${column} = ${column} + 1 WHERE seq = ?`, [seq]);
      expect(await log.told()).toEqual([{ kind: 'changed', seq, auditId: await log.idOf(seq) }]);
    });
  });

  describe.each(PLACES)('at entry %i', (seq) => {
    it('is found where its number is another', async () => {
      const auditId = await log.idOf(seq);
      await log.run('UPDATE agent_audit_log SET seq = 20000 WHERE seq = ?', [seq]);
      expect(await log.told()).toEqual([{ kind: 'reordered', seq, auditId, foundAt: 20_000 }]);
    });

    it('is found where it is gone', async () => {
      await log.run('DELETE FROM agent_audit_log WHERE seq = ?', [seq]);
      expect(await log.told()).toEqual([{ kind: 'missing', seq, auditId: null }]);
    });

    it('is found where it is gone and the entries behind it are renumbered', async () => {
      await log.run('DELETE FROM agent_audit_log WHERE seq = ?', [seq]);
      await log.renumber(seq, -1);
      expect(await log.told()).toEqual([{ kind: 'missing', seq, auditId: null }]);
    });

    it('is found where another was put before it', async () => {
      await log.renumber(seq, 1);
      const auditId = await log.insertAt(seq);
      expect(await log.told()).toEqual([{ kind: 'inserted', seq, auditId }]);
    });

    it('is found where one with hashes of its own was put before it', async () => {
      await log.renumber(seq, 1);
      const auditId = await log.insertAt(seq);
      await log.resealEntry(seq);
      expect(await log.told()).toEqual([{ kind: 'inserted', seq, auditId }]);
    });

    it.each([1, 2, 250])('is found where it and the one %i behind have changed places', async (distance) => {
      const [first, second] = [await log.idOf(seq), await log.idOf(seq + distance)];
      await log.swap(seq, seq + distance);
      expect(await log.told()).toEqual([
        { kind: 'reordered', seq, auditId: first, foundAt: seq + distance },
        { kind: 'reordered', seq: seq + distance, auditId: second, foundAt: seq },
      ]);
    });
  });

  it('is found where all entries were renumbered', async () => {
    const auditId = await log.idOf(1);
    await log.renumber(1, 1);
    expect(await log.told()).toEqual([{ kind: 'reordered', seq: 1, lastSeq: SIZE, auditId, foundAt: 2 }]);
  });

  it('is found in several places at once', async () => {
    await log.run("UPDATE agent_audit_log SET agent_role = 'admin' WHERE seq IN (17, 9900)");
    await log.run('DELETE FROM agent_audit_log WHERE seq BETWEEN 4000 AND 4010');
    expect(await log.told()).toEqual([
      { kind: 'changed', seq: 17, auditId: await log.idOf(17) },
      { kind: 'missing', seq: 4_000, lastSeq: 4_010, auditId: null },
      { kind: 'changed', seq: 9_900, auditId: await log.idOf(9_900) },
    ]);
  });

  it('is not what removing the rows of whole segments is', async () => {
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
    await log.run('DELETE FROM agent_audit_log WHERE seq <= ? OR (seq > ? AND seq <= ?)', [
      ...[SEGMENT, 2 * SEGMENT, 3 * SEGMENT],
    ]);
    await log.run('DELETE FROM agent_audit_log WHERE seq = 1100');
    await log.run('UPDATE agent_audit_head SET removable_to = ?', [3 * SEGMENT]);
    expect(await log.told(held)).toEqual([{ kind: 'missing', seq: 1_100, auditId: null }]);
  });

  it.each([9_999, 9_500, 9_000])('is found where all entries behind %i are gone', async (last) => {
    await log.run('DELETE FROM agent_audit_log WHERE seq > ?', [last]);
    const truncated = { kind: 'truncated', seq: last + 1, auditId: null };
    const expected = last + 1 === SIZE ? truncated : { ...truncated, lastSeq: SIZE };
    expect(await log.told()).toEqual([expected]);
    await log.rewriteHashes(false);
    expect(await log.told()).toEqual([expected]);
  });

  it('is found where an entry was put behind the last', async () => {
    const auditId = await log.insertAt(SIZE + 1);
    expect(await log.told()).toEqual([{ kind: 'inserted', seq: SIZE + 1, auditId }]);
  });

  it('is found where bytes stand in the place of text', async () => {
    if (TEST_DIALECT === 'postgres') return; // Its columns take nothing but their type.
    await log.run("UPDATE agent_audit_log SET agent_name = x'ff00' WHERE seq = 77");
    expect(await log.told()).toEqual([{ kind: 'changed', seq: 77, auditId: await log.idOf(77) }]);
  });
});
