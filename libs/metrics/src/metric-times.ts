/** How far ahead of this service's clock a client's may be, milliseconds. */
export const MAX_AHEAD_MS = 5 * 60_000;
