const FIRST_MS = 1_000;
const LONGEST_MS = 300_000;
/** Doubled so often, the first is beyond the longest. */
const DOUBLINGS = 9;
const RETRY_AFTER_LONGEST_MS = 3_600_000;

/**
 * How long to wait after a failure, ms: up to one second, doubled with each, up to five minutes, a random part of that
 * ("full jitter"), so that senders do not come back together. A receiver may ask for longer, up to an hour.
 * @param failures in a row, from 1. @param random 0 to 1.
 */
export function backoffMs(failures: number, random: number, retryAfterMs = 0): number {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, DOUBLINGS));
  return Math.max(Math.round(most * random), Math.min(retryAfterMs, RETRY_AFTER_LONGEST_MS));
}

/** What a `Retry-After` header asks for (RFC 9110, section 10.2.3), ms; undefined where it says nothing. */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
