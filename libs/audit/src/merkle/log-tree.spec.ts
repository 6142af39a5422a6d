import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isConsistent, rootByInclusion } from '../../../../test/support/merkle-proofs.js';
import { merkleRoot } from '../../../../test/support/merkle-tree.js';
import { Frontier } from './frontier.js';
import { type LeafSource, LogTree, rootOf, SEGMENT, type SegmentLeaves } from './log-tree.js';
import { subtreeRanges } from './proof-ranges.js';

const leafHash = (leaf: Buffer): Buffer => createHash('sha256').update(Buffer.of(0)).update(leaf).digest();
const base64 = (hash: Buffer): string => hash.toString('base64');
const buffers = (hashes: readonly string[]): Buffer[] => hashes.map((hash) => Buffer.from(hash, 'base64'));

/** A log of these leaves, whose whole segments are sealed but for the last few. */
class Leaves implements LeafSource {
  readonly asked: number[] = [];

  constructor(private readonly hashes: readonly string[]) {}

  rootsFrom(segment: number): Promise<string[]> {
    const roots: string[] = [];
    for (let start = segment * SEGMENT; start + SEGMENT <= this.hashes.length; start += SEGMENT) {
      roots.push(rootOf(this.hashes.slice(start, start + SEGMENT)));
    }
    // A few at a time, as a store gives them.
    return Promise.resolve(roots.slice(0, 2));
  }

  leaves({ from, to }: { from: number; to: number }): Promise<string[]> {
    this.asked.push(from);
    return Promise.resolve(this.hashes.slice(from, to));
  }
}

const MOST = 5_000;
const HASHES = Array.from({ length: MOST }, (_, index) => leafHash(Buffer.from(`leaf ${index}`)));
const source = new Leaves(HASHES.map(base64));
const tree = new LogTree(source);
const rootAt = (size: number): Buffer => merkleRoot(HASHES.slice(0, size));

describe('the tree over the log', () => {
  // The leaves and the roots that the implementations of Certificate Transparency share as test vectors.
  const LEAVES = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const ROOTS = [
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
  const INCLUSION: [number, number, string[]][] = [
    [0, 1, []],
    [
      ...([0, 8] as const),
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      ...([5, 8] as const),
      [
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
    [
      ...([1, 5] as const),
      [
        '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ];
  const CONSISTENCY: [number, number, string[]][] = [
    [1, 1, []],
    [
      ...([1, 8] as const),
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      ...([6, 8] as const),
      [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [
      ...([2, 5] as const),
      [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ];
  const known = new LogTree(new Leaves(LEAVES.map((leaf) => base64(leafHash(Buffer.from(leaf, 'hex'))))));
  const hex = (hashes: readonly string[]): string[] => buffers(hashes).map((hash) => hash.toString('hex'));

  it.each(ROOTS.map((root, size) => [size, root] as const))(
    'of %i leaves has the known root',
    async (size, root) => {
      expect(hex([await known.root(size)])).toEqual([root]);
    },
  );

  it.each(INCLUSION)('proves leaf %i of %i as is known', async (index, size, hashes) => {
    expect(hex(await known.inclusion(index, size))).toEqual(hashes);
  });

  it.each(CONSISTENCY)('proves that %i leaves begin %i as is known', async (first, second, hashes) => {
    expect(hex(await known.consistency(first, second))).toEqual(hashes);
  });

  const aSize = fc.oneof(
    fc.integer({ min: 1, max: MOST }),
    fc.integer({ min: 1, max: 70 }),
    fc.constantFrom(1023, 1024, 1025, 2047, 2048, 2049, 3072, 4095, 4096, 4097, MOST),
  );
  const twoSizes = fc.tuple(aSize, aSize).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

  it('is that of RFC 9162 at any size', async () => {
    await fc.assert(
      fc.asyncProperty(aSize, async (size) => {
        expect(await tree.root(size)).toBe(base64(rootAt(size)));
      }),
      { numRuns: 60 },
    );
  });

  it('proves any leaf of any tree, by two segments at the most', async () => {
    await fc.assert(
      fc.asyncProperty(aSize, fc.double({ min: 0, max: 0.999_999, noNaN: true }), async (size, share) => {
        const index = Math.floor(size * share);
        source.asked.length = 0;
        const proof = buffers(await tree.inclusion(index, size));
        expect(source.asked.length).toBeLessThanOrEqual(2);
        const root = rootByInclusion(HASHES[index] as Buffer, index, size, proof);
        expect(root?.toString('hex')).toBe(rootAt(size).toString('hex'));
        if (proof.length > 0) {
          const last = proof.at(-1) as Buffer;
          const forged = [...proof.slice(0, -1), leafHash(last)];
          const wrong = rootByInclusion(HASHES[index] as Buffer, index, size, forged);
          expect(wrong?.equals(rootAt(size))).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('proves that any tree begins any larger one, by two segments at the most', async () => {
    await fc.assert(
      fc.asyncProperty(twoSizes, async ([first, second]) => {
        source.asked.length = 0;
        const proof = buffers(await tree.consistency(first, second));
        expect(source.asked.length).toBeLessThanOrEqual(2);
        const [older, newer] = [first, second].map((size) => ({ size, root: rootAt(size) })) as [
          { size: number; root: Buffer },
          { size: number; root: Buffer },
        ];
        expect(isConsistent(older, newer, proof)).toBe(true);
        if (first < second) {
          expect(isConsistent({ size: first, root: leafHash(older.root) }, newer, proof)).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is grown by any of its leaves and the subtrees between them, reading each segment once', async () => {
    const shown = fc.uniqueArray(fc.integer({ min: 0, max: MOST - 1 }), { maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(aSize, shown, async (size, indexes) => {
        source.asked.length = 0;
        const read: SegmentLeaves = new Map();
        const frontier = Frontier.parse(0, '');
        const skipTo = async (to: number) => {
          const range = { from: frontier.size, to };
          const hashes = await tree.subtrees(size, range, read);
          for (const [at, { from, to: end }] of subtreeRanges(range).entries())
            frontier.appendSubtree(hashes[at]!, end - from);
        };
        for (const index of indexes.filter((each) => each < size).sort((a, b) => a - b)) {
          await skipTo(index);
          frontier.append(base64(HASHES[index]!));
        }
        await skipTo(size);
        expect([frontier.size, frontier.root()]).toEqual([size, base64(rootAt(size))]);
        expect(source.asked).toEqual([...new Set(source.asked)]);
      }),
      { numRuns: 60 },
    );
  });

  it('says so where segments are missing', async () => {
    const unsealed: LeafSource = {
      rootsFrom: () => Promise.resolve([]),
      leaves: () => Promise.resolve([]),
    };
    await expect(new LogTree(unsealed).root(3000)).rejects.toThrow('are not sealed');
  });
});
