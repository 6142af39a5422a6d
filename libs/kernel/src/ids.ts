import { v7 } from 'uuid';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A UUIDv7 (RFC 9562, section 5.7): unique, and ordered by the millisecond it was made in. */
export function newId(): string {
  return v7();
}

/** True for text in the 8-4-4-4-12 hexadecimal form, whatever the version. */
export function isUuid(text: string): boolean {
  return text.length === 36 && UUID.test(text);
}
