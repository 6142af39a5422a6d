import { createHash } from 'node:crypto';
import { v7 } from 'uuid';
import { takeRandom } from './random.js';
import { toStorable } from './text.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A new millisecond's counter starts in the lower half of 32 bits, so that it never runs over within it. */
const COUNTER_START_MASK = 0x7fffffff;

let lastMs = 0;
let counter = 0;

/**
 * A UUIDv7 (RFC 9562, section 5.7): unique, and in this process ordered by the moment it was made, within a
 * millisecond by a counter (section 6.2, method 1).
 */
export function newId(): string {
  const random = takeRandom(16);
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    counter = random.readUInt32BE(0) & COUNTER_START_MASK;
  } else {
    counter += 1;
  }
  return v7({ msecs: lastMs, seq: counter, random });
}

/** True for text in the 8-4-4-4-12 hexadecimal form, whatever the version. */
export function isUuid(text: string): boolean {
  return text.length === 36 && UUID.test(text);
}

/** Longer ones stand in the store as their digest: an index page of PostgreSQL bounds what is indexed. */
const MAX_INDEXED_BYTES = 512;

/** A client's identifier in the form that is indexed. An empty one identifies nothing. */
export function toIndexedId(id: string | null): string | null {
  if (id === null || id === '') return null;
  if (Buffer.byteLength(id) <= MAX_INDEXED_BYTES) return toStorable(id);
  return `sha256:${createHash('sha256').update(id).digest('hex')}`;
}
