import type { CheckedEntry } from './entry-check.js';
import type { SeqRange } from './seq-ranges.js';

/** More rows than these need not be told apart. */
const KEPT = 10_000;
/** Of so many the content is kept, to look for where they came from. */
const KEPT_WITH_CONTENT = 64;

/** Neighbouring rows that all stand `shift` numbers behind the places they belong to. */
export interface MovedRun {
  /** Their sequence numbers now. */
  readonly from: number;
  to: number;
  readonly shift: number;
  /** Of the first. */
  readonly auditId: string;
}

export interface SuspectRow {
  readonly seq: number;
  readonly auditId: string;
  readonly entry: CheckedEntry | null;
}

/** What is not as it should be about the rows, as they are walked in the order of their numbers. */
export class Observations {
  /** Ascending. */
  runs: MovedRun[] = [];
  /** Rows in their place whose content or hashes are not what they were. */
  readonly altered: SuspectRow[] = [];
  /** Rows that belong to no place that is known. */
  foreign: SuspectRow[] = [];
  /** Numbers without a row. */
  readonly absent: SeqRange[] = [];
  /** Rows beyond those that are kept. */
  more = 0;

  noteMoved({ event: { seq, auditId } }: CheckedEntry, place: number): void {
    const last = this.runs.at(-1);
    if (last?.shift === seq - place && last.to === seq - 1) last.to = seq;
    else if (this.runs.length < KEPT) this.runs.push({ from: seq, to: seq, shift: seq - place, auditId });
    else this.more += 1;
  }

  noteAltered({ event: { seq, auditId } }: CheckedEntry): void {
    if (this.altered.length < KEPT) this.altered.push({ seq, auditId, entry: null });
    else this.more += 1;
  }

  noteForeign(entry: CheckedEntry): void {
    const { seq, auditId } = entry.event;
    const kept = this.foreign.length < KEPT_WITH_CONTENT ? entry : null;
    if (this.foreign.length < KEPT) this.foreign.push({ seq, auditId, entry: kept });
    else this.more += 1;
  }

  noteAbsent(from: number, to: number): void {
    if (from > to) return;
    const last = this.absent.at(-1);
    if (last?.to === from - 1) this.absent[this.absent.length - 1] = { from: last.from, to };
    else this.absent.push({ from, to });
  }

  /** A row whose place was found later. */
  settle(row: SuspectRow, place: number): void {
    const { seq, auditId } = row;
    this.foreign = this.foreign.filter((each) => each !== row);
    if (seq === place) return;
    this.runs = [...this.runs, { from: seq, to: seq, shift: seq - place, auditId }].sort(
      (a, b) => a.from - b.from,
    );
  }
}
