import { type Finding, finding } from './finding.js';
import type { StoredCheckpoint } from './verification.repository.js';
import { readCheckpoint, type Witness } from './witness.js';

/** Sorts checkpoints into those that bear witness about a log, and those that something is wrong with. */
export class CheckpointReading {
  readonly witnesses: Witness[] = [];
  readonly findings: Finding[] = [];
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
    else this.witnesses.push({ kind: 'held', name, size: read.head.size, root: read.head.root });
  }

  /** In the order of their numbers. */
  takeStored({ number, origin, size, root, note }: StoredCheckpoint): void {
    const name = `stored checkpoint ${number}`;
    if (number !== this.last + 1) this.refuse(`stored checkpoint ${this.last + 1}`, 'is missing');
    this.last = number;
    // Of the log that this store held before it was restored.
    if (origin !== this.origin) {
      this.ofOtherLogs += 1;
      return;
    }
    const read = readCheckpoint(note, this.origin, this.keys);
    if ('fault' in read) this.refuse(name, read.fault);
    else if (read.head.size !== size || read.head.root !== root)
      this.refuse(name, 'is not what its signed note says');
    else this.witnesses.push({ kind: 'stored', name, size, root });
  }

  /** After the last stored one. */
  end(): void {
    if (this.ofOtherLogs > 0 && this.ofOtherLogs === this.last)
      this.findings.push(
        finding(
          'checkpoint',
          `None of the ${this.last} stored checkpoints is about this log, ${this.origin}.`,
        ),
      );
  }

  private refuse(name: string, fault: string): void {
    this.findings.push(finding('checkpoint', `The ${name} ${fault}.`));
  }
}
