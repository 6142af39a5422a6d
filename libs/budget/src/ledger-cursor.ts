/** A charge's place in the ledger. */
export interface LedgerPlace {
  /** Milliseconds UTC. */
  readonly charged_at: number;
  readonly charge_id: string;
}

const TIME_DIGITS = 12;
const ID_DIGITS = 32;

/** What a cursor looks like: a time and an id, in hexadecimal. Opaque to clients. */
export const CURSOR_LENGTH = TIME_DIGITS + ID_DIGITS;
export const CURSOR = new RegExp(`^[0-9a-f]{${CURSOR_LENGTH}}$`);

export function toCursor({ charged_at, charge_id }: LedgerPlace): string {
  return charged_at.toString(16).padStart(TIME_DIGITS, '0') + charge_id.replaceAll('-', '');
}

/** @param cursor that matches `CURSOR`. */
export function fromCursor(cursor: string): LedgerPlace {
  return {
    charged_at: parseInt(cursor.slice(0, TIME_DIGITS), 16),
    charge_id: cursor.slice(TIME_DIGITS).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  };
}
