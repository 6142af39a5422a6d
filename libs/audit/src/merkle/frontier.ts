import { hash as digest } from 'node:crypto';

const NODE_PREFIX = Buffer.from([0x01]);

/** The interior node of RFC 9162, section 2.1.1: SHA-256(0x01 ‖ left ‖ right), base64. */
export function hashNode(left: string, right: string): string {
  return digest(
    'sha256',
    Buffer.concat([NODE_PREFIX, Buffer.from(left, 'base64'), Buffer.from(right, 'base64')]),
    'base64',
  );
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
    let node = leafHash;
    // Each trailing one bit of the size is a subtree of the same height as the growing node.
    for (let rest = this.count; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      node = hashNode(this.roots.pop() ?? '', node);
    }
    this.roots.push(node);
    this.count += 1;
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
