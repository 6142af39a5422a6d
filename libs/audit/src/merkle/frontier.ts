import { hash as digest } from 'node:crypto';

const HASH_BYTES = 32;
/** 0x01 ‖ left ‖ right; hashing is synchronous, so one serves all. */
const NODE = Buffer.alloc(1 + 2 * HASH_BYTES, 0x01);

/** The interior node of RFC 9162, section 2.1.1: SHA-256(0x01 ‖ left ‖ right), base64. */
export function hashNode(left: string, right: string): string {
  // What is no hash must not leave the one before it in its place.
  const isWhole =
    NODE.write(left, 1, HASH_BYTES, 'base64') === HASH_BYTES &&
    NODE.write(right, 1 + HASH_BYTES, HASH_BYTES, 'base64') === HASH_BYTES;
  const node = isWhole
    ? NODE
    : Buffer.concat([NODE.subarray(0, 1), Buffer.from(left, 'base64'), Buffer.from(right, 'base64')]);
  return digest('sha256', node, 'base64');
}

/**
 * The right edge of the Merkle tree over the log: the roots of its perfect subtrees, largest first. With the size
 * it is all that appending needs, and the tree's root follows from it.
 */
export class Frontier {
  private constructor(
    private count: number,
    private readonly roots: string[],
  ) {}

  /** @param text the subtree roots in base64, separated by blanks; empty for an empty log. */
  static parse(size: number, text: string): Frontier {
    return new Frontier(size, text === '' ? [] : text.split(' '));
  }

  get size(): number {
    return this.count;
  }

  /** Appends one leaf hash; a constant number of node hashes on average. */
  append(leafHash: string): void {
    this.appendSubtree(leafHash, 1);
  }

  /** Appends the root of a perfect subtree. @param leaves a power of two that divides the size. */
  appendSubtree(root: string, leaves: number): void {
    let node = root;
    // Each trailing one bit of the size is a subtree of the same height as the growing node.
    for (let rest = this.count / leaves; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      node = hashNode(this.roots.pop() ?? '', node);
    }
    this.roots.push(node);
    this.count += leaves;
  }

  /** The root of the tree, base64; that of an empty tree is the hash of nothing. */
  root(): string {
    if (this.roots.length === 0) return digest('sha256', '', 'base64');
    return this.roots.reduceRight((right, left) => hashNode(left, right));
  }

  toString(): string {
    return this.roots.join(' ');
  }
}
