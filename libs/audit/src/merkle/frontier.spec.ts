import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { merkleRoot } from '../../../../test/support/merkle-tree.js';
import { Frontier } from '../merkle/frontier.js';
import { hashLeaf } from '../log/leaf.js';

/** The leaves and roots that the reference implementations of RFC 6962 test against, in hex. */
const VECTOR_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const VECTOR_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const leafHash = (content: Buffer): Buffer =>
  createHash('sha256').update(Buffer.of(0)).update(content).digest();
const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

/** The leaves of a test tree; each differs from all others. */
function leavesOf(seed: number, size: number): Buffer[] {
  return Array.from({ length: size }, (_, index) => leafHash(Buffer.from(`${seed}/${index}`)));
}

function grown(leaves: readonly Buffer[], frontier = Frontier.parse(0, '')): Frontier {
  for (const leaf of leaves) frontier.append(leaf.toString('base64'));
  return frontier;
}

describe('Frontier', () => {
  it.each(VECTOR_ROOTS.map((root, size): [number, string] => [size, root]))(
    'has the published root for the first %i leaves',
    (size, root) => {
      const leaves = VECTOR_LEAVES.slice(0, size).map((content) => leafHash(Buffer.from(content, 'hex')));
      expect(hex(grown(leaves).root())).toBe(root);
      expect(merkleRoot(leaves).toString('hex')).toBe(root);
    },
  );

  it('has the root of RFC 9162 at every size from 0 to 600', () => {
    const leaves = leavesOf(0, 600);
    const frontier = Frontier.parse(0, '');
    for (let size = 0; size <= 600; size += 1) {
      expect({ size, root: hex(frontier.root()) }).toEqual({
        size: frontier.size,
        root: merkleRoot(leaves.slice(0, size)).toString('hex'),
      });
      const next = leaves[size];
      if (next) frontier.append(next.toString('base64'));
    }
  });

  it('goes on from its text as if it had never been written down', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 0, max: 600 }), fc.nat());
    fc.assert(
      fc.property(sizes, ([size, at, seed]) => {
        const leaves = leavesOf(seed, size);
        const before = grown(leaves.slice(0, at));
        const after = grown(leaves.slice(at), Frontier.parse(before.size, before.toString()));
        expect(after.size).toBe(size);
        expect(after.toString()).toBe(grown(leaves).toString());
        expect(hex(after.root())).toBe(merkleRoot(leaves).toString('hex'));
      }),
    );
  });

  it('holds one subtree root per one bit of its size', () => {
    for (let size = 1; size <= 600; size += 1) {
      const ones = [...size.toString(2)].filter((bit) => bit === '1').length;
      expect(grown(leavesOf(1, size)).toString().split(' ')).toHaveLength(ones);
    }
  });
});

describe('hashLeaf', () => {
  it('is the leaf hash of RFC 9162: of an empty leaf, the published one', () => {
    expect(hex(hashLeaf(''))).toBe(VECTOR_ROOTS[1]);
  });
});
