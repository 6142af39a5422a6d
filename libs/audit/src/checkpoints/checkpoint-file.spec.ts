import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CheckpointFile } from './checkpoint-file.js';
import { checkpointText, signNote } from './signed-note.js';
import { SigningKey } from './signing-key.js';

const ORIGIN = 'agent-reality-map/0';
const ROOT = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';

describe('the file of checkpoints', () => {
  let folder: string;
  let path: string;
  let file: CheckpointFile;
  let key: SigningKey;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agent-map-'));
    path = join(folder, 'checkpoints');
    file = new CheckpointFile(path);
    key = await SigningKey.open(join(folder, 'key.pem'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const noteOf = (size: number, by = key): string =>
    signNote(checkpointText({ origin: ORIGIN, size, root: ROOT }), [
      { name: ORIGIN, publicKey: by.publicKey, sign: (text) => by.sign(text) },
    ]);
  const newest = () => file.newest([{ name: ORIGIN, publicKey: key.publicKey }]);

  it('gives the newest of what was appended', async () => {
    expect(await newest()).toBeNull();
    for (const size of [1, 2, 3]) await file.append(noteOf(size));
    expect(await newest()).toEqual({ origin: ORIGIN, size: 3, root: ROOT, note: noteOf(3) });
    expect(readFileSync(path, 'utf8')).toBe(`${noteOf(1)}\n${noteOf(2)}\n${noteOf(3)}\n`);
  });

  it('loses nothing after a write that broke off', async () => {
    await file.append(noteOf(1));
    appendFileSync(path, noteOf(2).slice(0, 60));
    expect((await newest())?.size).toBe(1);
    await file.append(noteOf(3));
    expect((await newest())?.size).toBe(3);
  });

  it('heeds nothing that another key has signed', async () => {
    const other = await SigningKey.open(join(folder, 'other.pem'));
    await file.append(noteOf(1));
    await file.append(noteOf(2, other));
    appendFileSync(path, 'not a note\n\n— at all\n');
    expect((await newest())?.size).toBe(1);
  });

  it('reads no more of a long file than its end', async () => {
    appendFileSync(path, `${noteOf(1)}\n`.repeat(2_000));
    await file.append(noteOf(2));
    expect((await newest())?.size).toBe(2);
  });

  it('cannot be read where it is a folder', async () => {
    await expect(new CheckpointFile(folder).newest([])).rejects.toThrow('EISDIR');
  });
});

describe('the signing key', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'agent-map-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is made once, for its owner alone, by whoever comes first', async () => {
    const path = join(folder, 'new', 'key.pem');
    const keys = await Promise.all([1, 2, 3].map(() => SigningKey.open(path)));
    expect(new Set(keys.map(({ publicKey }) => publicKey.toString('hex'))).size).toBe(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['garbage', 'no private key'],
    [
      '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIHgSSLLLOSgQFxdVhNm+A1nSSwmbdh8h41cgzkIWQzFN\n-----END PRIVATE KEY-----\n',
      'no Ed25519 key',
    ],
  ])('is not made over a file that holds another thing', async (text, why) => {
    const path = join(folder, 'key.pem');
    appendFileSync(path, text);
    await expect(SigningKey.open(path)).rejects.toThrow(why);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});
