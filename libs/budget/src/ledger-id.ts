import { createHash } from 'node:crypto';

/** Longer ones stand in the store as their digest: an index page of PostgreSQL bounds what is indexed. */
const MAX_ID_BYTES = 512;

/** A client's identifier in the form that is indexed. An empty one identifies nothing. */
export function toLedgerId(id: string | null): string | null {
  if (id === null || id === '') return null;
  if (Buffer.byteLength(id) <= MAX_ID_BYTES) return id;
  return `sha256:${createHash('sha256').update(id).digest('hex')}`;
}
