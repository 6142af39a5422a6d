import { Frontier, hashNode } from './frontier.js';
import {
  consistencyRanges,
  inclusionRanges,
  type LeafRange,
  splitOf,
  subtreeRanges,
} from './proof-ranges.js';

/** How many leaves, aligned, make one segment. */
export const SEGMENT = 1024;

/** What a tree is made from; hashes in base64. */
export interface LeafSource {
  /** The roots of sealed segments from `segment` on, in order and without gaps; some of them, none at the end. */
  rootsFrom(segment: number): Promise<string[]>;
  /** The hashes of the leaves `from`, from 0, to `to` (excluded), which lie in one segment. */
  leaves(range: LeafRange): Promise<string[]>;
}

/** The leaf hashes of segments that were read, by their first leaf. */
export type SegmentLeaves = Map<number, Promise<string[]>>;

/**
 * The Merkle tree over the log (RFC 9162, section 2.1), of any size that it ever had. Above the segments its nodes are kept
 * in memory, below them a proof reads the leaves of two segments at the most.
 */
export class LogTree {
  /** Of each height above the segments the nodes from the left; those of one are made from two of the height before. */
  private readonly levels: string[][] = [[]];
  private loading: Promise<void> | null = null;

  constructor(private readonly source: LeafSource) {}

  /** Of the first `size` leaves. */
  root(size: number): Promise<string> {
    return size === 0
      ? Promise.resolve(Frontier.parse(0, '').root())
      : this.within(size, { from: 0, to: size });
  }

  /** The hashes of an inclusion proof. @param index of the leaf, from 0, below `size`. */
  inclusion(index: number, size: number): Promise<string[]> {
    return this.hashes(size, inclusionRanges(index, size));
  }

  /** The hashes of a consistency proof. @param first at least 1, at most `second`. */
  consistency(first: number, second: number): Promise<string[]> {
    return this.hashes(second, consistencyRanges(first, second));
  }

  /**
   * The hashes of the perfect subtrees that make up a run of leaves, from the left.
   * @param range up to `size` at the most. @param leaves those that were read for the run before it.
   */
  subtrees(size: number, range: LeafRange, leaves: SegmentLeaves = new Map()): Promise<string[]> {
    return this.hashes(size, subtreeRanges(range), leaves);
  }

  private async within(size: number, range: LeafRange): Promise<string> {
    const [hash] = await this.hashes(size, [range]);
    return hash ?? '';
  }

  private async hashes(
    size: number,
    ranges: readonly LeafRange[],
    segments: SegmentLeaves = new Map(),
  ): Promise<string[]> {
    await this.load(Math.floor(size / SEGMENT));
    const leavesOf = ({ from, to }: LeafRange): Promise<string[]> => {
      const start = from - (from % SEGMENT);
      const leaves =
        segments.get(start) ?? this.source.leaves({ from: start, to: Math.min(start + SEGMENT, size) });
      segments.set(start, leaves);
      return leaves.then((hashes) => hashes.slice(from - start, to - start));
    };
    const hashOf = async (range: LeafRange): Promise<string> => {
      const { from, to } = range;
      if (to - from < SEGMENT) return rootOf(await leavesOf(range));
      const split = splitOf(to - from);
      if (split * 2 === to - from) return this.node(from, to - from);
      const [left, right] = [
        { from, to: from + split },
        { from: from + split, to },
      ];
      return hashNode(await hashOf(left), await hashOf(right));
    };
    return Promise.all(ranges.map(hashOf));
  }

  /** The root of a perfect subtree of whole segments. */
  private node(from: number, length: number): string {
    const node = this.levels[Math.log2(length / SEGMENT)]?.[from / length];
    if (node === undefined) throw new Error(`the segments from leaf ${from} on are not sealed`);
    return node;
  }

  /** Reads on until `count` segments are known, as far as they are sealed. */
  private async load(count: number): Promise<void> {
    while (this.known < count) {
      const before = this.known;
      this.loading ??= this.readOn().finally(() => (this.loading = null));
      await this.loading;
      if (this.known === before) return;
    }
  }

  private get known(): number {
    return this.levels[0]?.length ?? 0;
  }

  private async readOn(): Promise<void> {
    for (const root of await this.source.rootsFrom(this.known)) this.push(root);
  }

  private push(root: string): void {
    let node = root;
    for (let height = 0; ; height += 1) {
      const level = (this.levels[height] ??= []);
      level.push(node);
      if (level.length % 2 === 1) return;
      node = hashNode(level.at(-2) ?? '', node);
    }
  }
}

/** The root over some leaves, at least one. */
export function rootOf(leafHashes: readonly string[]): string {
  const frontier = Frontier.parse(0, '');
  for (const hash of leafHashes) frontier.append(hash);
  return frontier.root();
}
