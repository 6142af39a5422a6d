import { type Finding, finding } from './finding.js';
import type { StoredCheckpoint } from './verification.repository.js';
import { readCheckpoint, type Witness } from './witness.js';

/** Findings that are kept. */
const KEPT = 100;

/** Sorts checkpoints into those that bear witness about a log, and those that something is wrong with. */
export class CheckpointReading {
  readonly held: Witness[] = [];
  readonly findings: Finding[] = [];
  /** Findings beyond those. */
  more = 0;
  /** The last stored one that bears witness; none is of a smaller tree than one before it. */
  lastStored: Witness | null = null;
  /** The number of the last stored one. */
  private last = 0;
  private ofOtherLogs = 0;

  /** @param origin the log. @param keys those that sign it, raw. */
  constructor(
    private readonly origin: string,
    private readonly keys: readonly Buffer[],
  ) {}

  /** @param keys raw; given by whoever holds the note, or those of the store. */
  takeHeld(note: string, number: number, keys: readonly Buffer[] = this.keys): void {
    const name = `held checkpoint ${number}`;
    const read = readCheckpoint(note, this.origin, keys);
    if ('fault' in read) this.refuse(name, read.fault);
    else this.held.push({ kind: 'held', name, size: read.head.size, root: read.head.root });
  }

  /** In the order of their numbers. @returns null for what bears no witness. */
  takeStored(checkpoint: StoredCheckpoint): Witness | null {
    const { number, origin, size, root } = checkpoint;
    const name = `stored checkpoint ${number}`;
    if (number !== this.last + 1) this.refuse(`stored checkpoint ${this.last + 1}`, 'is missing');
    this.last = number;
    // Of the log that this store held before it was restored.
    if (origin !== this.origin) {
      this.ofOtherLogs += 1;
      return null;
    }
    const isSmaller = this.lastStored !== null && size < this.lastStored.size;
    const fault = this.faultOf(checkpoint) ?? (isSmaller ? 'is of fewer entries than one before it' : null);
    if (fault === null) return (this.lastStored = { kind: 'stored', name, size, root });
    this.refuse(name, fault);
    return null;
  }

  /** Whether a stored checkpoint bears witness about the log, wherever it stands. */
  isWitness(checkpoint: StoredCheckpoint): boolean {
    return checkpoint.origin === this.origin && this.faultOf(checkpoint) === null;
  }

  /** After the last stored one. */
  end(): void {
    if (this.ofOtherLogs > 0 && this.ofOtherLogs === this.last)
      this.find(`None of the ${this.last} stored checkpoints is about this log, ${this.origin}.`);
  }

  private faultOf({ note, size, root }: StoredCheckpoint): string | null {
    const read = readCheckpoint(note, this.origin, this.keys);
    if ('fault' in read) return read.fault;
    const isWhatItSays = read.head.size === size && read.head.root === root;
    return isWhatItSays ? null : 'is not what its signed note says';
  }

  private refuse(name: string, fault: string): void {
    this.find(`The ${name} ${fault}.`);
  }

  private find(detail: string): void {
    if (this.findings.length < KEPT) this.findings.push(finding('checkpoint', detail));
    else this.more += 1;
  }
}
