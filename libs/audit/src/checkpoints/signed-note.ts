import { createPublicKey, hash as digest, verify } from 'node:crypto';

/** Algorithm byte of Ed25519 in key hashes (C2SP signed-note, "Signature types"). */
const ED25519 = Buffer.from([0x01]);
const KEY_HASH_BYTES = 4;
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** Lines, an empty one, and lines of signatures. */
const NOTE = /((?:[^\n]+\n)+)\n((?:\u2014 \S+ [A-Za-z0-9+/]+={0,2}\n)+)/g;
const SIGNATURE_LINE = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/;

/** The tree that a checkpoint states. */
export interface TreeHead {
  /** Which log. */
  readonly origin: string;
  /** How many leaves. */
  readonly size: number;
  /** SHA-256, base64. */
  readonly root: string;
}

export interface NoteKey {
  readonly name: string;
  /** The raw 32 bytes of an Ed25519 key. */
  readonly publicKey: Buffer;
}

export interface NoteSigner extends NoteKey {
  /** @returns the 64 bytes of an Ed25519 signature (RFC 8032). */
  sign(text: Buffer): Buffer;
}

interface NoteSignature {
  readonly name: string;
  readonly keyHash: Buffer;
  readonly signature: Buffer;
}

/** Text and signatures of a note. */
export interface SignedNote {
  /** With the line feed at its end, as it was signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** The first four bytes of SHA-256(name ‖ LF ‖ 0x01 ‖ public key), by which a signature names its key. */
export function keyHashOf({ name, publicKey }: NoteKey): Buffer {
  const bytes = Buffer.concat([Buffer.from(`${name}\n`), ED25519, publicKey]);
  return digest('sha256', bytes, 'buffer').subarray(0, KEY_HASH_BYTES);
}

/** The body of a checkpoint (C2SP tlog-checkpoint): origin, size and root, a line each. */
export function checkpointText({ origin, size, root }: TreeHead): string {
  return `${origin}\n${size}\n${root}\n`;
}

/** @param text ends with a line feed. @returns the note: the text, an empty line, a line for each signature. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  const lines = signers.map((signer) => {
    const signature = Buffer.concat([keyHashOf(signer), signer.sign(Buffer.from(text))]);
    return `\u2014 ${signer.name} ${signature.toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** @returns null for what is no signed note. */
export function parseNote(note: string): SignedNote | null {
  const [found, ...others] = parseNotes(note);
  return found?.note === note && others.length === 0 ? found : null;
}

/** The notes of a text one after another; what is none stands for nothing. */
export function parseNotes(text: string): (SignedNote & { readonly note: string })[] {
  return [...text.matchAll(NOTE)].map(([note, body = '', lines = '']) => ({
    note,
    text: body,
    signatures: lines
      .split('\n')
      .map(toSignature)
      .filter((signature) => signature !== null),
  }));
}

function toSignature(line: string): NoteSignature | null {
  const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
  if (name === undefined || encoded === undefined) return null;
  const bytes = Buffer.from(encoded, 'base64');
  return { name, keyHash: bytes.subarray(0, KEY_HASH_BYTES), signature: bytes.subarray(KEY_HASH_BYTES) };
}

/** What the text of a checkpoint states; null where it states nothing of the kind. Lines after the third are extensions. */
export function parseTreeHead(text: string): TreeHead | null {
  const [origin, size, root] = text.split('\n');
  if (!origin || !size || !root || !/^(0|[1-9]\d{0,15})$/.test(size)) return null;
  if (!/^[A-Za-z0-9+/]{43}=$/.test(root) || !Number.isSafeInteger(Number(size))) return null;
  return { origin, size: Number(size), root };
}

/** Whether one of the signatures is by this key, and all that say so hold. */
export function isSignedBy({ text, signatures }: SignedNote, key: NoteKey): boolean {
  const keyHash = keyHashOf(key);
  const own = signatures.filter((each) => each.name === key.name && each.keyHash.equals(keyHash));
  return own.length > 0 && own.every(({ signature }) => verifies(text, signature, key.publicKey));
}

function verifies(text: string, signature: Buffer, publicKey: Buffer): boolean {
  if (signature.length !== SIGNATURE_BYTES || publicKey.length !== PUBLIC_KEY_BYTES) return false;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') };
  return verify(null, Buffer.from(text), createPublicKey({ key: jwk, format: 'jwk' }), signature);
}
