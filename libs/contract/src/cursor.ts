import { createHash } from 'node:crypto';
import { isStorable } from '#kernel';

/** Where a row stands in the order of its list: the values that the list is sorted by. */
export type Place = readonly (number | string)[];

/** The types of a list's places; numbers are whole and not negative. */
export type PlaceShape = readonly ('number' | 'string')[];

const SEAL_BYTES = 12;
export const MAX_CURSOR_CHARS = 512;
export const CURSOR_FORM = /^[A-Za-z0-9_-]+$/;

/**
 * A place as clients hand it back: base64url of a checksum and the place. It is no secret: a client could make one,
 * and would see no other rows with it, only begin elsewhere.
 * @param binding what the cursor belongs to: its list and the filters.
 */
export function toCursor(place: Place, binding: string): string {
  const text = JSON.stringify(place);
  const seal = createHash('sha256')
    .update(JSON.stringify([binding, text]))
    .digest()
    .subarray(0, SEAL_BYTES);
  return Buffer.concat([seal, Buffer.from(text)]).toString('base64url');
}

/** @returns null for what `toCursor` never made of such a place for `binding`. */
export function fromCursor(cursor: string, binding: string, shape: PlaceShape): Place | null {
  const place = parse(Buffer.from(cursor, 'base64url').subarray(SEAL_BYTES).toString());
  return hasShape(place, shape) && toCursor(place, binding) === cursor ? place : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function hasShape(place: unknown, shape: PlaceShape): place is Place {
  if (!Array.isArray(place) || place.length !== shape.length) return false;
  return shape.every((type, index) => {
    const value: unknown = place[index];
    if (type === 'string') return typeof value === 'string' && isStorable(value);
    return Number.isSafeInteger(value) && Number(value) >= 0;
  });
}
