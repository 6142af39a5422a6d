import type { Witness } from './witness.js';

/** What the witnesses of one kind say of the log, heard in the order of their sizes. */
export class Testimonies {
  /** How many the log agrees with. */
  agreed = 0;
  /** The first that it does not agree with. */
  against: Witness | null = null;
  /** The last of a smaller tree that it agrees with. */
  before: Witness | null = null;
  private last: Witness | null = null;
  private lastSmaller: Witness | null = null;

  /** @param agrees null where it could not be compared, because of entries that are damaged. */
  hear(witness: Witness, agrees: boolean | null): void {
    if (agrees) {
      this.agreed += 1;
      if (this.last && this.last.size < witness.size) this.lastSmaller = this.last;
      this.last = witness;
    } else if (agrees === false && !this.against) {
      this.against = witness;
      this.before = this.last && this.last.size < witness.size ? this.last : this.lastSmaller;
    }
  }

  /** Of so many entries it is certain that they are what was signed. */
  get vouchedFor(): number {
    return this.last?.size ?? 0;
  }
}
