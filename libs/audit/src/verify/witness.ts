import { isSignedBy, parseNote, parseTreeHead, type TreeHead } from '../checkpoints/signed-note.js';

/** A checkpoint whose signature holds: what the log was at one of its sizes. */
export interface Witness {
  /** `stored`: in the store itself. `held`: by whoever verifies. */
  readonly kind: 'stored' | 'held';
  /** What it is called in findings. */
  readonly name: string;
  readonly size: number;
  readonly root: string;
}

/**
 * @param keys raw public keys, of which one must have signed.
 * @returns what is wrong with a note as a checkpoint of the log `origin`, in words that go behind its name; or what it states.
 */
export function readCheckpoint(
  note: string,
  origin: string,
  keys: readonly Buffer[],
): { head: TreeHead } | { fault: string } {
  const signed = parseNote(note);
  const head = signed && parseTreeHead(signed.text);
  if (!signed || !head) return { fault: 'is no signed checkpoint' };
  if (head.origin !== origin) return { fault: `is about another log, ${JSON.stringify(head.origin)}` };
  if (!keys.some((publicKey) => isSignedBy(signed, { name: origin, publicKey })))
    return { fault: 'is not signed by a known key' };
  return { head };
}
