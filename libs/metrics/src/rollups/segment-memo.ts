import type { MetricGroup } from './metric-figures.js';

/** Bytes, roughly, of all that is kept. */
const KEPT = 8 * 1024 * 1024;
const GROUP_BYTES = 400;
const BIN_BYTES = 50;

/** What a segment of buckets gave. */
export interface SegmentSums {
  /** What it was made from, as a number that grows with every change. */
  readonly version: number;
  readonly groups: readonly MetricGroup[];
}

/** Sums of segments, the longest unused of which go first. Whoever uses one has to see that its version still holds. */
export class SegmentMemo {
  private readonly kept = new Map<string, { readonly sums: SegmentSums; readonly bytes: number }>();
  private bytes = 0;

  get(name: string): SegmentSums | undefined {
    const found = this.kept.get(name);
    if (!found) return undefined;
    this.kept.delete(name);
    this.kept.set(name, found);
    return found.sums;
  }

  set(name: string, sums: SegmentSums): void {
    this.delete(name);
    const bytes = sums.groups.reduce((sum, { times }) => sum + GROUP_BYTES + times.size * BIN_BYTES, 0);
    if (bytes > KEPT / 4) return;
    this.kept.set(name, { sums, bytes });
    this.bytes += bytes;
    for (const oldest of this.kept.keys()) {
      if (this.bytes <= KEPT) break;
      this.delete(oldest);
    }
  }

  clear(): void {
    this.kept.clear();
    this.bytes = 0;
  }

  private delete(name: string): void {
    this.bytes -= this.kept.get(name)?.bytes ?? 0;
    this.kept.delete(name);
  }
}
