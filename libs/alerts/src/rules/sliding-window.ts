import { MAX_COUNTED } from '#rbac';
import type { Observation } from '../watched-entry.js';

/** How far the times of the log may run against its order and still be counted: clocks of instances, a commit group. */
export const DISORDER_MS = 60_000;

/** The newest observations of one agent, oldest first. */
export class SlidingWindow {
  private readonly seen: Observation[];

  /** @param seen in any order. */
  constructor(
    seen: readonly Observation[],
    private readonly most = MAX_COUNTED,
  ) {
    this.seen = [...seen].sort((a, b) => a.at - b.at).slice(-most);
  }

  add(observation: Observation): void {
    const after = this.seen.findLastIndex(({ at }) => at <= observation.at);
    this.seen.splice(after + 1, 0, observation);
    if (this.seen.length > this.most) this.seen.shift();
  }

  /** Those of the `ms` before `at`. */
  within(at: number, ms: number): Observation[] {
    return this.seen.filter((seen) => seen.at > at - ms && seen.at <= at + DISORDER_MS);
  }
}
