import { DateTime } from 'luxon';

const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** ISO 8601 knows times of day too, which name no moment. */
const BEGINS_WITH_YEAR = /^\d{4}/;

/**
 * Milliseconds UTC of an ISO 8601 time; without an offset it is UTC. A blank may stand for the `T`, and for the
 * offset's plus sign, of which query strings make one.
 * @returns null for anything else, and for times before 1970 or after 9999.
 */
export function parseTime(text: string): number | null {
  if (text.length > 40 || !BEGINS_WITH_YEAR.test(text)) return null;
  const mended = text.replace(/^(\d{4}-\d{2}-\d{2}) (?=\d)/, '$1T').replace(/(T.*) (?=\d{2}:?\d{2}$)/, '$1+');
  const time = DateTime.fromISO(mended, { zone: 'utc' });
  const ms = time.isValid ? time.toMillis() : -1;
  return ms >= 0 && ms <= LAST ? ms : null;
}

/** ISO 8601 UTC with milliseconds and `Z`. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}
