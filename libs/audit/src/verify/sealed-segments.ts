import { rootOf, SEGMENT } from '../merkle/log-tree.js';
import type { Segment } from '../merkle/segments.repository.js';

const HASH_BYTES = 32;

/** The sealed segments around where the walk is. */
export class SealedSegments {
  private readonly segments = new Map<number, Segment>();
  private readonly trusted = new Map<number, boolean>();

  add(segment: Segment): void {
    this.segments.set(segment.segment, segment);
  }

  /** Lets go of what lies before `segment`. */
  forgetBefore(segment: number): void {
    for (const each of this.segments.keys()) if (each < segment) this.segments.delete(each);
    for (const each of this.trusted.keys()) if (each < segment) this.trusted.delete(each);
  }

  find(segment: number): Segment | undefined {
    return this.segments.get(segment);
  }

  /** The leaf hash that is kept for a place, base64. */
  hashAt(place: number): string | undefined {
    const leafHashes = this.segments.get(Math.floor((place - 1) / SEGMENT))?.leafHashes;
    const offset = ((place - 1) % SEGMENT) * HASH_BYTES;
    return leafHashes?.toString('base64', offset, offset + HASH_BYTES);
  }

  /** The same, unless the segment disagrees with its own root. */
  reliableAt(place: number): string | undefined {
    return place > 0 && this.isSound(Math.floor((place - 1) / SEGMENT)) ? this.hashAt(place) : undefined;
  }

  /** Whether it was found to disagree; one whose leaves were all compared and never asked about is in order. */
  isKnownUnsound(segment: number): boolean {
    const length = this.segments.get(segment)?.leafHashes.length;
    return this.trusted.get(segment) === false || length !== SEGMENT * HASH_BYTES;
  }

  private isSound(segment: number): boolean {
    const known = this.trusted.get(segment);
    if (known !== undefined) return known;
    const kept = this.segments.get(segment);
    if (!kept) return false;
    const first = segment * SEGMENT + 1;
    const hashes = Array.from({ length: SEGMENT }, (_, index) => this.hashAt(first + index) ?? '');
    const sound = kept.leafHashes.length === SEGMENT * HASH_BYTES && rootOf(hashes) === kept.root;
    this.trusted.set(segment, sound);
    return sound;
  }
}
