/** What stands in the place of a secret. */
export const REDACTED = '[redacted]';

/** The kinds of secrets that were masked in the texts of one record. */
export class MaskedKinds {
  private kinds: Set<string> | null;

  /** @param before what was masked already. */
  constructor(before?: MaskedKinds) {
    this.kinds = before?.kinds ? new Set(before.kinds) : null;
  }

  add(kind: string): void {
    (this.kinds ??= new Set()).add(kind);
  }

  /** Sorted; undefined where nothing was masked. */
  get list(): string[] | undefined {
    return this.kinds ? [...this.kinds].sort() : undefined;
  }
}
