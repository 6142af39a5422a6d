import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LogVerifier, SEGMENT, VerificationRepository } from '#audit';
import { CheckpointsRepository } from '../../libs/audit/src/checkpoints/checkpoints.repository.js';
import { copyOf } from '../support/copied-store.js';
import { DamagedLog } from '../support/damaged-log.js';
import { merkleRoot } from '../support/merkle-tree.js';
import { OpenedStore } from '../support/opened-store.js';
import { aNote, aSigningKey, growLog, signLog } from '../support/signed-log.js';
import { newTestStore, type TestStore } from '../support/store.js';

const SIZE = 10_000;

describe('damage to what is kept about the log', () => {
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
    log = await DamagedLog.of(store);
  }, 120_000);
  beforeEach(() => log.begin());
  afterEach(() => log.undo());
  afterAll(async () => {
    await log.remove();
    await earlier.remove();
    await store.remove();
  });

  it('is found against a held checkpoint where the whole store is an earlier copy', async () => {
    const copy = await DamagedLog.of(earlier);
    expect(await copy.told()).toEqual([]);
    expect(await copy.told(held.slice(0, 3))).toEqual([]);
    expect(await copy.told(held)).toEqual([
      { kind: 'rolled_back', seq: 8_001, lastSeq: SIZE, auditId: null },
    ]);
    await copy.remove();
  });

  it('is found against held checkpoints where an entry, all hashes and all checkpoints were rewritten', async () => {
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
    await log.rewriteEntry(9_500);
    await log.rewriteHashes();
    expect(await log.told()).toEqual([{ kind: 'rewritten', seq: 8_001, lastSeq: SIZE, auditId: null }]);
  });

  it.each([5_000, 9_700])('is found where entry %i was rewritten with its own hashes alone', async (seq) => {
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
    await log.run(sql);
    const { findings } = await log.verify();
    expect(findings[0]).toMatchObject({ kind: 'checkpoint', detail: expect.stringMatching(detail) });
  });

  it('is found in stored checkpoints that have changed places, also where the log was cut off to fit', async () => {
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
    await log.run("UPDATE agent_audit_head SET log_id = 'other'");
    expect((await log.verify({ held: held.slice(0, 1) })).findings.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/held checkpoint 1 is about another log/),
      expect.stringMatching(/None of the 4 stored checkpoints is about this log/),
    ]);
  });

  it('is found in checkpoints of a held size with another root, signed by the same key', async () => {
    const [origin = ''] = (held[0] ?? '').split('\n');
    const forged = aNote({ origin, size: 3_000, root: merkleRoot([]).toString('base64') }, key);
    expect(await log.told([forged])).toEqual([{ kind: 'rewritten', seq: 1, lastSeq: 3_000, auditId: null }]);
  });

  it('is found by whoever opens the store anew', async () => {
    const copy = await DamagedLog.of(store);
    await copy.run("UPDATE agent_audit_log SET agent_role = 'admin' WHERE seq = 17");
    await copy.run('DELETE FROM agent_audit_head');
    const auditId = await copy.idOf(17);
    const opened = await OpenedStore.open(copy.store);
    const verifier = new LogVerifier(
      new VerificationRepository(opened.reader),
      new CheckpointsRepository(opened.reader),
    );
    const { findings } = await verifier.verify({ pace: { page: 1_000, signatures: 100, readsAhead: true } });
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'changed', seq: 17, auditId }));
    expect(findings.map(({ kind }) => kind)).toContain('head');
    await opened.close();
    await copy.remove();
  });
});
