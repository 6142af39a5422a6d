import { createHash, createPublicKey, verify } from 'node:crypto';

/** A reader of checkpoints, written for the tests from C2SP signed-note and tlog-checkpoint alone. */

export interface ReadCheckpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** How many of `publicKeys` (raw, base64) have signed it, in their order. */
  readonly signedBy: readonly boolean[];
}

export function readCheckpoint(note: string, ...publicKeys: readonly string[]): ReadCheckpoint {
  const cut = note.indexOf('\n\n');
  const text = note.slice(0, cut + 1);
  const [origin = '', size, root = ''] = text.split('\n');
  const lines = note
    .slice(cut + 2)
    .split('\n')
    .filter((line) => line !== '');
  const signedBy = publicKeys.map((encoded) => {
    const raw = Buffer.from(encoded, 'base64');
    const name = createHash('sha256').update(`${origin}\n`).update(Buffer.of(1)).update(raw).digest();
    // An Ed25519 key in DER (RFC 8410): a constant head before the 32 bytes.
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return lines.some((line) => {
      const bytes = Buffer.from(line.replace(`\u2014 ${origin} `, ''), 'base64');
      const isOf = bytes.subarray(0, 4).equals(name.subarray(0, 4));
      return isOf && verify(null, Buffer.from(text), key, bytes.subarray(4));
    });
  });
  return { origin, size: Number(size), root: Buffer.from(root, 'base64'), signedBy };
}
