import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import { ValidationFailed } from './domain-error.js';
import { LIMITS } from './limits.js';

/**
 * SHA-256 over the canonical JSON of what was sent, base64: equal for bodies that say the same.
 * @param body may nest as deep as the contract takes it.
 * @param around how many levels stand around it.
 * @throws ValidationFailed for a body that nests deeper.
 */
export function fingerprint(body: unknown, around: number): string {
  try {
    // An object's members may nest as deep as the limit; the object itself is one level more.
    return createHash('sha256')
      .update(canonicalJson(body, -1 - around))
      .digest('base64');
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = `must not nest deeper than ${LIMITS.depth} levels to be recognized when it is sent again`;
    throw new ValidationFailed([{ path: 'body', message }]);
  }
}
