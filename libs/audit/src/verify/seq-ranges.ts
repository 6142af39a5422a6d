/** Sequence numbers from one to another, both included. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/** The same numbers in ascending ranges that do not touch. */
export function merged(ranges: readonly SeqRange[]): SeqRange[] {
  const result: SeqRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last && range.from <= last.to + 1)
      result[result.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    else if (range.from <= range.to) result.push(range);
  }
  return result;
}

/** The numbers of `ranges` that are in none of `others`, ascending. */
export function without(ranges: readonly SeqRange[], others: readonly SeqRange[]): SeqRange[] {
  const holes = merged(others);
  const result: SeqRange[] = [];
  let index = 0;
  for (const { from, to } of merged(ranges)) {
    while (index < holes.length && (holes[index] as SeqRange).to < from) index += 1;
    let next = from;
    for (let hole = index; hole < holes.length && (holes[hole] as SeqRange).from <= to; hole += 1) {
      const { from: start, to: end } = holes[hole] as SeqRange;
      if (start > next) result.push({ from: next, to: start - 1 });
      next = Math.max(next, end + 1);
    }
    if (next <= to) result.push({ from: next, to });
  }
  return result;
}

/** Whether a number is in one of `ranges`, which are ascending and do not touch. */
export function holds(ranges: readonly SeqRange[], seq: number): boolean {
  return covers(ranges, { from: seq, to: seq });
}

/** Whether all numbers of `range` are in `ranges`, which are ascending and do not touch. */
export function covers(ranges: readonly SeqRange[], { from, to }: SeqRange): boolean {
  const first = firstBehind(ranges, from);
  return from > to || (first !== undefined && first.from <= from && first.to >= to);
}

/** Whether a number of `range` is in `ranges`, which are ascending and do not touch. */
export function meets(ranges: readonly SeqRange[], { from, to }: SeqRange): boolean {
  const first = firstBehind(ranges, from);
  return first !== undefined && first.from <= to;
}

/** The first range that ends at `seq` or behind it. */
function firstBehind(ranges: readonly SeqRange[], seq: number): SeqRange | undefined {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle] as SeqRange).to < seq) low = middle + 1;
    else high = middle;
  }
  return ranges[low];
}
