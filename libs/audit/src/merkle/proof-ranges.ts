/** A run of leaves whose subtree hash is one hash of a proof: from leaf `from`, from 0, up to but without `to`. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** Where a tree of more than one leaf is split: the largest power of two below `size` (RFC 9162, section 2.1.1). */
export function splitOf(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

/**
 * The inclusion proof of RFC 9162, section 2.1.3.1, leaf side first.
 * @param index of the leaf, from 0, below `size`.
 */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const path: LeafRange[] = [];
  for (let [from, to] = [0, size]; to - from > 1;) {
    const split = from + splitOf(to - from);
    if (index < split) {
      path.push({ from: split, to });
      to = split;
    } else {
      path.push({ from, to: split });
      from = split;
    }
  }
  return path.reverse();
}

/**
 * The consistency proof of RFC 9162, section 2.1.4.1; empty between trees of the same size.
 * @param first at least 1, at most `second`.
 */
export function consistencyRanges(first: number, second: number): LeafRange[] {
  const path: LeafRange[] = [];
  let [from, to] = [0, second];
  while (first !== to) {
    const split = from + splitOf(to - from);
    if (first <= split) {
      path.push({ from: split, to });
      to = split;
    } else {
      path.push({ from, to: split });
      from = split;
    }
  }
  // The older tree itself is known to whoever asks.
  if (from > 0) path.push({ from, to });
  return path.reverse();
}

/** The perfect subtrees that make up a run of leaves, from the left: as few as there can be. */
export function subtreeRanges({ from, to }: LeafRange): LeafRange[] {
  const ranges: LeafRange[] = [];
  for (let start = from; start < to;) {
    let leaves = 1;
    while (start % (leaves * 2) === 0 && start + leaves * 2 <= to) leaves *= 2;
    ranges.push({ from: start, to: start + leaves });
    start += leaves;
  }
  return ranges;
}
