/** What can be found wrong with the log, or with what is kept about it. */
export const DAMAGE_KINDS = [
  'changed',
  'missing',
  'reordered',
  'inserted',
  'truncated',
  'rolled_back',
  'rewritten',
  'head',
  'segment',
  'checkpoint',
] as const;
export type DamageKind = (typeof DAMAGE_KINDS)[number];

/** One damage, at the place in the log where it begins. */
export interface Finding {
  readonly kind: DamageKind;
  /** The first entry concerned, by its place in the log as it was; null where it is about none. */
  readonly seq: number | null;
  /** The last one. */
  readonly lastSeq: number | null;
  /** Of the row at hand; null where there is none, or more than one could be meant. */
  readonly auditId: string | null;
  /** The sequence number under which the entry stands now, where that is another. */
  readonly foundAt: number | null;
  /** One sentence. */
  readonly detail: string;
}

/** What a verification came to. */
export interface VerificationReport {
  /** Which log. */
  readonly origin: string;
  /** How many entries it should hold, by all that is stored about it. */
  readonly size: number;
  /** Rows that were recomputed. */
  readonly checked: number;
  /** Rows whose texts were erased: of those only what remains is checked. */
  readonly erased: number;
  /** Checkpoints that the log agrees with: stored ones, and those that were given. */
  readonly agreed: { readonly stored: number; readonly held: number };
  /** Entries in the order of the log first, the rest behind them. */
  readonly findings: readonly Finding[];
  /** Findings beyond those that are listed. */
  readonly more: number;
}

/** @param place where it begins, and where it ends unless that is the same. */
export function finding(
  kind: DamageKind,
  detail: string,
  place: Partial<Pick<Finding, 'seq' | 'lastSeq' | 'auditId' | 'foundAt'>> = {},
): Finding {
  const { seq = null, lastSeq = seq, auditId = null, foundAt = null } = place;
  return { kind, seq, lastSeq, auditId, foundAt, detail };
}
