import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verifyCommand } from '../../apps/cli/src/commands/audit-verify.command.js';
import { build } from '../support/build.js';
import { runHere } from '../support/command.js';
import { copyOf } from '../support/copied-store.js';
import { OpenedStore, openRaw } from '../support/opened-store.js';
import { killLeftovers, runCli } from '../support/process.js';
import { aNote, aSigningKey, growLog, signLog } from '../support/signed-log.js';
import { newTestStore, type TestStore } from '../support/store.js';

beforeAll(() => build(), 120_000);
afterAll(killLeftovers);

describe('audit verify', () => {
  const store = newTestStore();
  const key = aSigningKey();
  const notes: string[] = [];
  let damaged: TestStore;
  let auditId: string;
  beforeAll(async () => {
    const opened = await OpenedStore.open(store);
    for (const size of [1_000, 1_500]) {
      await growLog(opened, size);
      notes.push(await signLog(opened, key));
    }
    await opened.close();
    damaged = await copyOf(store);
    const raw = await openRaw(damaged);
    await raw.query("UPDATE agent_audit_log SET agent_role = 'admin' WHERE seq = 1200");
    [{ audit_id: auditId }] = await raw.query('SELECT audit_id FROM agent_audit_log WHERE seq = 1200');
    await raw.destroy();
  });
  afterAll(async () => {
    await store.remove();
    await damaged.remove();
  });

  const verify = (args: readonly string[] = [], of = store) => runHere(verifyCommand(), args, of);
  /** As an operator does, in a process of its own. */
  const run = (args: readonly string[] = [], of = store) => runCli(of, ['audit', 'verify', ...args]);
  function file(text: string): string {
    const path = join(store.folder, `${randomBytes(4).toString('hex')}.txt`);
    writeFileSync(path, text);
    return path;
  }
  const [publicKey, otherKey] = [key, aSigningKey()].map((each) => each.publicKey.toString('base64')) as [
    string,
    string,
  ];

  it('ends with 0 where the log is intact', async () => {
    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      'The log is intact: 1500 entries checked of 1500, 0 of them erased; checkpoints that agree: 2 stored, 0 held\n',
    );
  });

  it('ends with 3 where it is damaged, and names the entry', async () => {
    const { code, stdout } = await verify([], damaged);
    expect(code).toBe(3);
    expect(stdout).toBe(
      `changed      Entry 1200 is not what was recorded.  ${auditId}\n` +
        'The log is damaged: 1500 entries checked of 1500, 0 of them erased; checkpoints that agree: 2 stored, 0 held\n',
    );
  });

  it('prints the same as JSON', async () => {
    const { code, stdout } = await run(['--json'], damaged);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      intact: false,
      entries_checked: 1_500,
      findings: [
        {
          kind: 'changed',
          seq: 1_200,
          last_seq: 1_200,
          audit_id: auditId,
          found_at: null,
          detail: expect.any(String),
        },
      ],
    });
  });

  it.each([
    ['one', () => notes[0] ?? '', 1],
    ['several, as CHECKPOINT_FILE holds them', () => notes.map((note) => `${note}\n`).join(''), 2],
  ])('takes checkpoints: %s', async (_what, text, count) => {
    const args = ['--checkpoint', file(text()), '--public-key', otherKey, '--public-key', publicKey];
    const { code, stdout } = await verify([...args, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ intact: true, held_checkpoints_agreed: count });
  });

  it('ends with 3 for a checkpoint that another key has signed', async () => {
    const args = ['--checkpoint', file(notes.join('\n')), '--public-key', otherKey];
    const { code, stdout } = await verify(args);
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /held checkpoint 1 is not signed by a known key.*\n.*held checkpoint 2 is not signed/,
    );
  });

  it.each([
    [
      'of another log',
      { origin: 'agent-reality-map/other', size: 1_000 },
      /held checkpoint 1 is about another log/,
    ],
    ['of a longer log', { size: 1_501 }, /rolled_back .*1500 entries.*held checkpoint 1 was signed for 1501/],
    ['with another root', { size: 900 }, /rewritten .*held checkpoint 1, of 900 entries/],
  ])('ends with 3 for a checkpoint %s', async (_what, changes, said) => {
    const [origin = '', , root = ''] = (notes[0] ?? '').split('\n');
    const { code, stdout } = await verify(['--checkpoint', file(aNote({ origin, root, ...changes }, key))]);
    expect(code).toBe(3);
    expect(stdout).toMatch(said);
  });

  it.each([
    [
      'a file that holds no checkpoint',
      () => ['--checkpoint', file('garbage')],
      /note 1 is no signed checkpoint/,
    ],
    [
      'a file whose second note is cut off',
      () => ['--checkpoint', file(`${notes[0]}\n${notes[1]?.slice(0, 60)}`)],
      /note 2/,
    ],
    ['an empty file', () => ['--checkpoint', file('\n\n')], /must hold at least one/],
    ['a file of bytes', () => ['--checkpoint', file(randomBytes(500).toString('latin1'))], /checkpoint: /],
    ['a key that is none', () => ['--public-key', 'AAAA'], /public_key: must be the 32 bytes/],
  ])('ends with 2 for %s', async (_what, args, said) => {
    const { code, stdout, stderr } = await verify(args());
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(said);
  });

  it.each([
    ['an option that is none', ['--deep'], /unknown option/],
    ['a file that is not there', ['--checkpoint', 'none'], /ENOENT/],
  ])('ends its process with 2 for %s', async (_what, args, said) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(said);
  });

  it('ends with 1 where the store cannot be opened', async () => {
    const { code, stdout } = await runCli(store, ['audit', 'verify'], { DATABASE_URL: 'nothing' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});
