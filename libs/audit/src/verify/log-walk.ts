import { SEGMENT } from '../merkle/log-tree.js';
import { CheckedTree } from './checked-tree.js';
import type { CheckedEntry } from './entry-check.js';
import { type Finding, finding } from './finding.js';
import { Observations } from './observations.js';
import { PlaceFinder } from './place-finder.js';
import type { SealedSegments } from './sealed-segments.js';
import type { SeqRange } from './seq-ranges.js';
import { Testimonies } from './testimonies.js';
import type { Witness } from './witness.js';
import type { Witnesses } from './witnesses.js';

/**
 * Compares entries, in the order of their numbers, with the sealed segments and the checkpoints, and makes the tree on the
 * way. Where a row is damaged the tree goes on with the leaf that is sealed, so that one damage hides no other.
 */
export class LogWalk {
  readonly observations = new Observations();
  readonly segmentFindings: Finding[] = [];
  readonly testimonies: Readonly<Record<Witness['kind'], Testimonies>> = {
    held: new Testimonies(),
    stored: new Testimonies(),
  };
  readonly tree = new CheckedTree();
  checked = 0;
  erased = 0;
  private readonly finder: PlaceFinder;
  private next: number;

  /**
   * @param sealed holds the segments around the place where the walk is. @param sealedCount how many segments should be sealed.
   * @param witnesses has those at hand of all trees up to the place where the walk is.
   * @param removed segments whose entries went after their time; it may grow meanwhile.
   */
  constructor(
    private readonly log: SeqRange,
    private readonly sealed: SealedSegments,
    private readonly sealedCount: number,
    private readonly witnesses: Pick<Witnesses, 'next'>,
    private readonly removed: ReadonlySet<number>,
  ) {
    this.finder = new PlaceFinder((place) =>
      place >= log.from && place <= log.to ? this.sealed.reliableAt(place) : undefined,
    );
    this.next = log.from;
    this.hear();
  }

  accept(entry: CheckedEntry): void {
    const { seq } = entry.event;
    this.checked += 1;
    if (entry.isErased) this.erased += 1;
    const isInside = seq >= this.log.from && seq <= this.log.to;
    if (isInside) {
      this.endAt(seq - 1);
      this.next = seq + 1;
      if (this.isRight(entry)) {
        this.push(entry.leafHash);
        return;
      }
    }
    const place = this.finder.findNear(entry);
    if (place === null) this.observations.noteForeign(entry);
    else if (place === seq) this.observations.noteAltered(entry);
    else this.observations.noteMoved(entry, place);
    if (isInside) this.pushFor(entry, place === seq);
  }

  /** There are no more rows up to this place. */
  endAt(place: number): void {
    while (this.next <= place) {
      const segment = Math.floor((this.next - 1) / SEGMENT);
      const to = Math.min(place, (segment + 1) * SEGMENT);
      if (!this.removed.has(segment)) this.observations.noteAbsent(this.next, to);
      for (; this.next <= to; this.next += 1) this.push(this.sealed.reliableAt(this.next));
    }
  }

  /** After the last row. */
  end(): void {
    this.endAt(this.log.to);
    this.finder.settleFar(this.observations);
  }

  private isRight({ event, fits, leafHash }: CheckedEntry): boolean {
    if (!fits) return false;
    const sealed = this.sealed.hashAt(event.seq);
    return sealed === undefined || sealed === leafHash || this.sealed.reliableAt(event.seq) === undefined;
  }

  /** The leaf of a place with a damaged row. */
  private pushFor(entry: CheckedEntry, isInPlace: boolean): void {
    const sealed = this.sealed.reliableAt(entry.event.seq);
    if (sealed === undefined && !isInPlace) this.tree.doubt();
    this.push(sealed ?? entry.storedLeafHash);
  }

  private push(leafHash: string | undefined): void {
    const root = this.tree.push(leafHash);
    if (root !== null) this.closeSegment(this.tree.size / SEGMENT - 1, root);
    this.hear();
  }

  private closeSegment(index: number, root: string): void {
    if (index >= this.sealedCount) return;
    const segment = this.sealed.find(index);
    const [seq, lastSeq] = [index * SEGMENT + 1, (index + 1) * SEGMENT];
    if (segment?.root === root && !this.sealed.isKnownUnsound(index)) return;
    const what = segment ? 'does not hold the leaves of its entries' : 'is missing';
    const detail = `The sealed segment ${index}, of entries ${seq} to ${lastSeq}, ${what}.`;
    this.segmentFindings.push(finding('segment', detail, { seq, lastSeq }));
  }

  /** What the witnesses of the present size say. */
  private hear(): void {
    const { size } = this.tree;
    for (let next = this.witnesses.next(size); next; next = this.witnesses.next(size)) {
      const agrees = this.tree.root() === next.root;
      // The leaves that were taken as they are stored are right.
      if (agrees) this.tree.doubtFrom = Infinity;
      this.testimonies[next.kind].hear(next, agrees || !this.tree.isDoubtful ? agrees : null);
    }
  }
}
