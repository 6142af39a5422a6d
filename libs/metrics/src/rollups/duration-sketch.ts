/** How far a quantile may be from the value at its rank, relative to it. */
const ACCURACY = 0.01;
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY);
const LOG_GAMMA = Math.log(GAMMA);
/** The bin of zero, which has no logarithm. */
const ZERO = -1;
const BINS = binOf(Number.MAX_SAFE_INTEGER) - ZERO + 1;

/**
 * A DDSketch (Masson, Rim and Lee, VLDB 2019) of durations in whole microseconds: a count for each bin, whose bounds
 * grow by a constant factor. Quantiles are within 1 % of the value at their rank; merging sketches loses nothing.
 */
export class DurationSketch {
  private readonly bins = new Map<number, number>();
  private total = 0;

  /** @param text as `toString` gives it: a JSON array of bins and counts in turn, by ascending bin. */
  static parse(text: string): DurationSketch {
    const sketch = new DurationSketch();
    const numbers = JSON.parse(text) as number[];
    for (let index = 0; index < numbers.length; index += 2) {
      sketch.addTo(numbers[index] as number, numbers[index + 1] as number);
    }
    return sketch;
  }

  /** Not to be added to: it may be one of those, or that of nothing. */
  static union(sketches: readonly DurationSketch[]): DurationSketch {
    const [only = NOTHING, ...others] = sketches.filter(({ size }) => size > 0);
    if (others.length === 0) return only;
    const sketch = new DurationSketch();
    for (const each of [only, ...others]) sketch.merge(each);
    return sketch;
  }

  /** @param text sketches, and microseconds of single durations, between semicolons; null for none. Not to be added to. */
  static merged(text: string | null): DurationSketch {
    if (text === null) return NOTHING;
    const sketch = new DurationSketch();
    const counts = new Float64Array(BINS);
    for (const part of text.split(';')) {
      const numbers = part.startsWith('[') ? (JSON.parse(part) as number[]) : [binOf(Number(part)), 1];
      for (let index = 0; index < numbers.length; index += 2) {
        const bin = (numbers[index] as number) - ZERO;
        counts[bin] = (counts[bin] as number) + (numbers[index + 1] as number);
      }
    }
    counts.forEach((count, index) => {
      if (count > 0) sketch.addTo(index + ZERO, count);
    });
    return sketch;
  }

  /** How many bins hold anything. */
  get size(): number {
    return this.bins.size;
  }

  /** @param us microseconds, not below 0. */
  add(us: number): void {
    this.addTo(binOf(us), 1);
  }

  merge(other: DurationSketch): void {
    for (const [bin, count] of other.bins) this.addTo(bin, count);
  }

  /**
   * The value at the nearest rank.
   * @param share 0–1.
   * @returns microseconds; null where nothing was added.
   */
  quantile(share: number): number | null {
    let left = Math.max(1, Math.ceil(share * this.total));
    for (const bin of this.sorted()) {
      left -= this.bins.get(bin) as number;
      if (left <= 0) return bin === ZERO ? 0 : (2 * GAMMA ** bin) / (GAMMA + 1);
    }
    return null;
  }

  toString(): string {
    let text = '';
    for (const bin of this.sorted()) text += `,${bin},${this.bins.get(bin) as number}`;
    return `[${text.slice(1)}]`;
  }

  /** Numbers alone: every write of metrics sorts hundreds of these. */
  private sorted(): Float64Array {
    return Float64Array.from(this.bins.keys()).sort();
  }

  private addTo(bin: number, count: number): void {
    this.bins.set(bin, (this.bins.get(bin) ?? 0) + count);
    this.total += count;
  }
}

const NOTHING = new DurationSketch();

function binOf(us: number): number {
  return us < 1 ? ZERO : Math.ceil(Math.log(us) / LOG_GAMMA);
}
