import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  checkpointText,
  isSignedBy,
  keyHashOf,
  type NoteSigner,
  parseNote,
  parseNotes,
  parseTreeHead,
  signNote,
} from './signed-note.js';

/** The example of the Go module golang.org/x/mod/sumdb/note, whose format C2SP signed-note describes. */
const NEUMANN = {
  name: 'PeterNeumann',
  hash: 'c74f20a3',
  key: 'ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  note:
    'If you think cryptography is the answer to your problem,\n' +
    "then you don't know what your problem is.\n" +
    '\n' +
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
};
const ORIGIN = 'example.com/log';
const HEAD = { origin: ORIGIN, size: 20_852_163, root: 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=' };

function aSigner(name = ORIGIN): NoteSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  const pem = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return { name, publicKey: Buffer.from(x ?? '', 'base64url'), sign: (text) => sign(null, text, pem) };
}

describe('a signed note', () => {
  it('of another implementation is read and verified', () => {
    const publicKey = Buffer.from(NEUMANN.key, 'base64').subarray(1);
    const key = { name: NEUMANN.name, publicKey };
    expect(keyHashOf(key).toString('hex')).toBe(NEUMANN.hash);
    const note = parseNote(NEUMANN.note);
    expect(note && isSignedBy(note, key)).toBe(true);
    const other = parseNote(NEUMANN.note.replace('cryptography', 'Cryptography'));
    expect(other && isSignedBy(other, key)).toBe(false);
  });

  it('has the form of C2SP, with a line for each signature', () => {
    const [old, next] = [aSigner(), aSigner()];
    const note = signNote(checkpointText(HEAD), [old, next]);
    expect(note).toMatch(
      /^example\.com\/log\n20852163\nCsUYapGGPo4dkMgIAUqom\/Xajj7h2fB2MPA3j2jxq2I=\n\n(— example\.com\/log [A-Za-z0-9+/]{90,91}={0,2}\n){2}$/,
    );
    const parsed = parseNote(note);
    for (const key of [old, next]) expect(parsed && isSignedBy(parsed, key)).toBe(true);
    expect(parsed && isSignedBy(parsed, aSigner())).toBe(false);
    expect(parsed && isSignedBy(parsed, { ...old, name: 'another.log' })).toBe(false);
    expect(parsed && parseTreeHead(parsed.text)).toEqual(HEAD);
  });

  it('does not hold where one of two signatures that name a key is wrong', () => {
    const signer = aSigner();
    const liar = { ...signer, sign: () => Buffer.alloc(64, 7) };
    const note = parseNote(signNote(checkpointText(HEAD), [signer, liar]));
    expect(note && isSignedBy(note, signer)).toBe(false);
  });

  it('is found among others, and beside what is none', () => {
    const signer = aSigner();
    const [one, two] = [1, 2].map((size) => signNote(checkpointText({ ...HEAD, size }), [signer]));
    const found = parseNotes(`# kept by hand\n\n${one}\n${two}\nexample.com/log\n3\n`);
    expect(found.map(({ text }) => parseTreeHead(text)?.size)).toEqual([1, 2]);
    expect(found.every((note) => isSignedBy(note, signer))).toBe(true);
  });

  it.each([
    '',
    '\n',
    'text\n',
    'text\n\n',
    'text\n\n— name\n',
    'text\n\nname x08go/ZJkuA=\n',
    'text\n\n— name x08go/ZJkuA=',
    '\n\n— name x08go/ZJkuA=\n',
  ])('is not %j', (text) => {
    expect(parseNote(text)).toBeNull();
  });

  it.each([
    'a\n1\nnot base64\n',
    'a\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
    'a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
    'a\n9999999999999999\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
    'a\n1\n',
    '\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
  ])('states no tree by %j', (text) => {
    expect(parseTreeHead(text)).toBeNull();
  });
});
