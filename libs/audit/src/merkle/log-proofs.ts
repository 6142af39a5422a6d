import { Injectable } from '@nestjs/common';
import { DomainError, ValidationFailed } from '#kernel';
import { LogTree, type SegmentLeaves } from './log-tree.js';
import type { LeafRange } from './proof-ranges.js';
import { SegmentSealer } from './segment-sealer.js';
import { SegmentsRepository } from './segments.repository.js';

/** That a leaf is in the tree of a size; hashes in base64. */
export interface InclusionProof {
  /** From 0. */
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly hashes: readonly string[];
  readonly root: string;
}

/** That the tree of one size begins that of another. */
export interface ConsistencyProof {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: string;
  readonly toRoot: string;
  readonly hashes: readonly string[];
}

/** Roots of the log at any size that it had, and proofs between them (RFC 9162, section 2.1). */
@Injectable()
export class LogProofs {
  private readonly tree: LogTree;

  constructor(
    private readonly segments: SegmentsRepository,
    private readonly sealer: SegmentSealer,
  ) {
    this.tree = new LogTree(segments);
  }

  /** @param size at most that of the log. */
  async root(size: number): Promise<string> {
    await this.seal();
    return this.tree.root(size);
  }

  /** @throws ValidationFailed for a size that does not hold the entry, or that the log does not have. */
  async inclusion(seq: number, size: number): Promise<InclusionProof> {
    await this.requireSize('size', size);
    if (seq > size)
      throw new ValidationFailed([{ path: 'size', message: `must be at least ${seq}, where the entry is` }]);
    const [hashes, root] = [await this.tree.inclusion(seq - 1, size), await this.tree.root(size)];
    return { leafIndex: seq - 1, treeSize: size, hashes, root };
  }

  /** @throws ValidationFailed for sizes that the log does not have, or the larger one first. */
  async consistency(from: number, to: number): Promise<ConsistencyProof> {
    await this.requireSize('to', to);
    if (from > to) throw new ValidationFailed([{ path: 'from', message: 'must not be larger than to' }]);
    const [hashes, fromRoot, toRoot] = [
      await this.tree.consistency(from, to),
      await this.tree.root(from),
      await this.tree.root(to),
    ];
    return { from, to, fromRoot, toRoot, hashes };
  }

  /**
   * The hashes, base64, of the perfect subtrees that make up a run of leaves, from the left.
   * @param size of the tree, whose root was asked for before. @param leaves what was read for the run before it.
   */
  subtrees(size: number, range: LeafRange, leaves: SegmentLeaves): Promise<string[]> {
    return this.tree.subtrees(size, range, leaves);
  }

  private async requireSize(path: string, size: number): Promise<void> {
    const { size: held } = await this.seal();
    if (size > held) {
      throw new ValidationFailed([
        { path, message: `must not be beyond the log, which holds ${held} entries` },
      ]);
    }
  }

  /** What proofs are made from may be a moment behind the log. */
  private async seal(): Promise<{ size: number }> {
    const extent = await this.segments.extent();
    if (extent.sealed === extent.whole) return extent;
    await this.sealer.catchUp();
    const { sealed, whole } = await this.segments.extent();
    if (sealed >= extent.whole) return extent;
    throw new DomainError(
      'PROOF_NOT_READY',
      `Of ${whole} segments of the log ${sealed} are sealed; try again.`,
    );
  }
}
