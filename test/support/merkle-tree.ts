import { createHash } from 'node:crypto';

/**
 * The Merkle Tree Hash of RFC 9162, section 2.1.1, by its recursive definition. Written for the tests, and apart
 * from the service's own.
 * @param leafHashes the hashes of the leaves, not their contents.
 */
export function merkleRoot(leafHashes: readonly Buffer[]): Buffer {
  const [only] = leafHashes;
  if (only === undefined) return createHash('sha256').digest();
  if (leafHashes.length === 1) return only;
  let split = 1;
  while (split * 2 < leafHashes.length) split *= 2;
  return createHash('sha256')
    .update(Buffer.of(1))
    .update(merkleRoot(leafHashes.slice(0, split)))
    .update(merkleRoot(leafHashes.slice(split)))
    .digest();
}

/** The root that a frontier stands for: its subtree roots, largest first, joined from the right. */
export function rootOfFrontier(frontier: string): Buffer {
  if (frontier === '') return merkleRoot([]);
  return frontier
    .split(' ')
    .map((root): Buffer => Buffer.from(root, 'base64'))
    .reduceRight((right, left) =>
      createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest(),
    );
}
