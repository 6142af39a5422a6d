import { type CheckedEntry, leafHashesAt } from './entry-check.js';
import type { Observations } from './observations.js';
import { holds, merged } from './seq-ranges.js';

/** How far around a row its place is looked for; rows that were renumbered stand close to it. */
const NEAR = 16;
/** After so many in vain nothing more is learnt. */
const MAX_SEARCHES = 1_000;
/** Each is tried in so many places, and so many rows are tried, without a pause. */
const MAX_FAR = 64;

/** The sealed leaf hash of a place, where there is one that can be relied on. */
export type SealedAt = (place: number) => string | undefined;

/** Finds out which place of the log a row was written for: the one where its content has the leaf hash that is kept. */
export class PlaceFinder {
  private shift = 0;
  private searches = MAX_SEARCHES;

  constructor(private readonly sealedAt: SealedAt) {}

  /** Nearby. @returns null where there is none. */
  findNear(entry: CheckedEntry): number | null {
    const { seq } = entry.event;
    if (this.belongs(entry, seq)) return seq;
    if (this.shift !== 0 && this.belongs(entry, seq - this.shift)) return seq - this.shift;
    if (this.searches === 0) return null;
    for (let distance = 1; distance <= NEAR; distance += 1) {
      for (const place of [seq - distance, seq + distance]) {
        if (!this.belongs(entry, place)) continue;
        this.shift = seq - place;
        return place;
      }
    }
    this.searches -= 1;
    return null;
  }

  /** Among the other places where something is wrong, for rows that were moved far. */
  settleFar(observations: Observations): void {
    const suspects = observations.foreign.slice(0, MAX_FAR);
    const absent = merged(observations.absent);
    const open = observations.absent.flatMap(({ from, to }) =>
      Array.from({ length: Math.min(to - from + 1, MAX_FAR) }, (_, index) => from + index),
    );
    const places = [...suspects.map(({ seq }) => seq).filter((seq) => !holds(absent, seq)), ...open].slice(
      0,
      MAX_FAR,
    );
    for (const row of suspects) {
      const { entry } = row;
      if (!entry) continue;
      const place = places.find((each) => each !== row.seq && this.belongs(entry, each));
      if (place !== undefined) observations.settle(row, place);
    }
  }

  private belongs(entry: CheckedEntry, place: number): boolean {
    const kept = this.sealedAt(place) ?? entry.storedLeafHash;
    return leafHashesAt(entry, place).includes(kept);
  }
}
