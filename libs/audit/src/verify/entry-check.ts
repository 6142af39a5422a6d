import type { RecordedEvent } from '#kernel';
import { hashLeaf, hashText, leafBody, textBody } from '../log/leaf.js';
import { type SealedRow, toRecordedEvent } from '../log/log-columns.js';

/** A row and what follows from its content. */
export interface CheckedEntry {
  readonly event: RecordedEvent;
  /** As its content makes it. */
  readonly leafHash: string;
  readonly storedLeafHash: string;
  readonly storedTextHash: string;
  /** As its texts make it; the stored one once they are erased; null where they cannot be what was hashed. */
  readonly textHash: string | null;
  readonly isErased: boolean;
  /** Whether content, texts and stored hashes agree with each other. */
  readonly fits: boolean;
}

/** Recomputes the hashes of a row. */
export function checkEntry(row: SealedRow): CheckedEntry {
  const event = toRecordedEvent(row);
  const isErased = row.text_salt === null && hasNoText(event);
  const textHash = isErased ? row.text_hash : textHashOf(row.text_salt, event);
  const leafHash = hashLeaf(leafBody(event, row.text_hash));
  const fits = textHash === row.text_hash && leafHash === row.leaf_hash;
  return {
    ...{ event, leafHash, textHash, isErased, fits },
    storedLeafHash: row.leaf_hash,
    storedTextHash: row.text_hash,
  };
}

/** The leaf hashes that the content could have had at a place of the log: with the stored hash of its texts, and with theirs. */
export function leafHashesAt({ event, storedTextHash, textHash }: CheckedEntry, place: number): string[] {
  const moved = { ...event, seq: place };
  const textHashes = textHash === null || textHash === storedTextHash ? [] : [textHash];
  return [storedTextHash, ...textHashes].map((hash) => hashLeaf(leafBody(moved, hash)));
}

function hasNoText(event: RecordedEvent): boolean {
  return (
    event.operationDetail === null &&
    event.targetResource === null &&
    event.rbacReason === null &&
    event.context === null &&
    event.toolUseId === null
  );
}

/** Of a salt in another spelling of base64 nothing was hashed. */
function textHashOf(salt: string | null, event: RecordedEvent): string | null {
  if (typeof salt !== 'string') return null;
  const bytes = Buffer.from(salt, 'base64');
  return bytes.toString('base64') === salt ? hashText(bytes, textBody(event)) : null;
}
