import type { CheckpointReading } from './checkpoint-reading.js';
import { type Finding, finding } from './finding.js';
import type { LogWalk } from './log-walk.js';
import type { StoredExtent } from './verification.repository.js';
import type { Testimonies } from './testimonies.js';
import type { Witness } from './witness.js';

/** What the trees say that no single row does. @param entries what was found about rows. */
export function treeFindings(
  walk: LogWalk,
  extent: StoredExtent,
  size: number,
  entries: readonly Finding[],
  { held, lastStored }: CheckpointReading,
): Finding[] {
  return [
    ...rewritten(walk.testimonies.held),
    ...rewritten(walk.testimonies.stored),
    ...rolledBack(lastStored ? [...held, lastStored] : held, size),
    ...headFindings(walk, extent, size, entries),
  ];
}

/** Where rows and hashes were rewritten together: between the last checkpoint that agrees and the first that does not. */
function rewritten({ against: bad, before: good }: Testimonies): Finding[] {
  if (!bad) return [];
  const since = good ? `since ${good.name}, of ${good.size} entries,` : 'before';
  const detail = good
    ? `Entries were rewritten together with their hashes: ${good.name}, of ${good.size} entries, still holds, ${bad.name}, of ${bad.size}, does not.`
    : `Entries were rewritten together with their hashes ${since} ${bad.name}, of ${bad.size} entries, which no longer holds.`;
  return [finding('rewritten', detail, { seq: (good?.size ?? 0) + 1, lastSeq: bad.size })];
}

function rolledBack(witnesses: readonly Witness[], size: number): Finding[] {
  const largest = witnesses.reduce<Witness | null>((a, b) => (a && a.size >= b.size ? a : b), null);
  if (!largest || largest.size <= size) return [];
  const detail = `The log holds ${size} entries, while ${largest.name} was signed for ${largest.size}: it is an earlier copy.`;
  return [finding('rolled_back', detail, { seq: size + 1, lastSeq: largest.size })];
}

function headFindings(
  { tree, testimonies }: LogWalk,
  extent: StoredExtent,
  size: number,
  entries: readonly Finding[],
): Finding[] {
  if (extent.size === null) return [finding('head', 'The log has no head.')];
  if (extent.size < size) {
    // Where the rows went with it, the rows are what is told.
    if (extent.newest <= extent.size) return [];
    const detail = `The head counts ${extent.size} entries, while ${size} were signed or sealed.`;
    return [finding('head', detail, { seq: extent.size + 1, lastSeq: size })];
  }
  if (extent.frontier === tree.frontier() || tree.isDoubtful) return [];
  const place = differingSubtree(tree.frontier(), extent.frontier, size);
  const vouchedFor = Math.max(testimonies.held.vouchedFor, testimonies.stored.vouchedFor);
  const damaged = entries.some(
    ({ seq }) => place && seq !== null && seq >= place.seq && seq <= place.lastSeq,
  );
  if (!place || vouchedFor >= place.lastSeq || damaged)
    return [finding('head', 'The tree in the head of the log is not that of its entries.')];
  const detail = `Entries ${place.seq} to ${place.lastSeq} are not those that the head of the log was made from.`;
  return [finding('rewritten', detail, place)];
}

/** The first perfect subtree in which two frontiers differ; null where one is none of this size. */
function differingSubtree(
  own: string,
  stored: string,
  size: number,
): { seq: number; lastSeq: number } | null {
  const [roots, others] = [own.split(' '), stored.split(' ')];
  if (roots.length !== others.length) return null;
  let from = 0;
  let rest = size;
  for (const [index, root] of roots.entries()) {
    const width = 2 ** Math.floor(Math.log2(rest));
    if (root !== others[index]) return { seq: from + 1, lastSeq: from + width };
    from += width;
    rest -= width;
  }
  return null;
}
