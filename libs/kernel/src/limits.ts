/** The largest numbers and texts that the contract takes. Amounts in the unit of the public field. */
export const LIMITS = {
  costUsd: 1e6,
  tokens: 1e12,
  durationMs: 1e10,
  count: 1e12,
  nameChars: 64,
  longTextBytes: 64 * 1024,
  textBytes: 4 * 1024,
  /** How deep a JSON value may nest. */
  depth: 32,
} as const;
