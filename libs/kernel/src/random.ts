import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8 * 1024;

const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/**
 * `count` bytes (at most 8,192) of the system's generator, fetched for many takers at once: a call each would show
 * in a profile. The bytes are the taker's until the pool is filled anew, so copy or encode them at once.
 */
export function takeRandom(count: number): Buffer {
  if (used + count > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return pool.subarray(used - count, used);
}
