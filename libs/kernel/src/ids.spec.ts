import { describe, expect, it } from '@jest/globals';
import { validate, version } from 'uuid';
import { isUuid, newId } from './ids.js';

describe('newId', () => {
  it('gives version 7 UUIDs that are unique and rise in the order they are made', () => {
    const ids = Array.from({ length: 20_000 }, newId);
    expect(ids.every((id) => validate(id) && version(id) === 7 && isUuid(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
  });

  it('holds the millisecond it was made in', () => {
    const before = Date.now();
    const made = parseInt(newId().replace('-', '').slice(0, 12), 16);
    expect(made).toBeGreaterThanOrEqual(before);
    expect(made).toBeLessThanOrEqual(Date.now());
  });
});
