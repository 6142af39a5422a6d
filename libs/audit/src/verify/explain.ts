import { type Finding, finding } from './finding.js';
import type { MovedRun, Observations } from './observations.js';
import { covers, holds, meets, merged, type SeqRange, without } from './seq-ranges.js';

/** Where a run belongs. */
const homeOf = ({ from, to, shift }: MovedRun): SeqRange => ({ from: from - shift, to: to - shift });

/**
 * What happened to the rows, from what was seen of them. A place whose entry stands elsewhere is not missing; rows that only
 * gave way to others are not reordered; a row that belongs nowhere was inserted where its place has its entry, and
 * otherwise stands for the changed entry of that place.
 * @param log the places that it should have.
 * @returns in the order of the log.
 */
export function explain(observations: Observations, log: SeqRange): Finding[] {
  const { runs, foreign, altered } = observations;
  const absent = merged(observations.absent);
  const homes = merged(runs.map(homeOf));
  const suspects = foreign.map(({ seq }) => ({ from: seq, to: seq }));
  const unsettled = merged([...absent, ...runs, ...suspects]);
  const end = endOf(runs, unsettled, log);
  const doubles = without(homes, [
    ...unsettled,
    { from: -Infinity, to: log.from - 1 },
    { from: end + 1, to: Infinity },
  ]);
  const bad = merged([...unsettled, ...doubles]);
  const gone = without(merged([...absent, ...runs.map(({ from, to }) => ({ from, to }))]), [
    ...homes,
    ...suspects,
    { from: -Infinity, to: log.from - 1 },
    { from: end + 1, to: Infinity },
  ]);
  return [
    ...altered.map(({ seq, auditId }) =>
      finding('changed', `Entry ${seq} is not what was recorded.`, { seq, auditId }),
    ),
    ...foreign.map(({ seq, auditId }) =>
      holds(homes, seq) || seq < log.from || seq > log.to
        ? finding('inserted', `The row at ${seq} was never recorded.`, { seq, auditId })
        : finding('changed', `Entry ${seq} is not what was recorded.`, { seq, auditId }),
    ),
    ...doubles.map(({ from, to }) =>
      finding('inserted', `The ${from === to ? `row at ${from}` : `rows at ${from} to ${to}`} came later.`, {
        ...{ seq: from, lastSeq: to },
      }),
    ),
    ...gone.map((range) => lost(range, end)),
    ...outOfOrder(runs, bad, [...suspects, ...doubles, ...gone]).map((run) => {
      const { from: seq, to: lastSeq } = homeOf(run);
      const what = seq === lastSeq ? `Entry ${seq} stands` : `Entries ${seq} to ${lastSeq} stand`;
      const { auditId, from: foundAt } = run;
      return finding('reordered', `${what} at ${foundAt}.`, { seq, lastSeq, auditId, foundAt });
    }),
  ].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
}

/** Where the log ended. Rows that were pushed on by others do not make it longer. */
function endOf(runs: readonly MovedRun[], unsettled: readonly SeqRange[], log: SeqRange): number {
  const last = runs.at(-1);
  if (!last || last.shift <= 0 || last.to < log.to) return log.to;
  const home = homeOf(last);
  // Between them and their places stand only rows with which something is wrong, or which came there.
  const way = { from: home.from, to: last.from - 1 };
  const gaveWay = without([way], [...unsettled, ...runs.map(homeOf)]).length === 0;
  return gaveWay ? Math.min(log.to, home.to) : log.to;
}

function lost({ from, to }: SeqRange, end: number): Finding {
  const what = from === to ? `Entry ${from} is` : `Entries ${from} to ${to} are`;
  return to === end
    ? finding('truncated', `${what} missing at the end of the log.`, { seq: from, lastSeq: to })
    : finding('missing', `${what} missing.`, { seq: from, lastSeq: to });
}

/**
 * The runs that did not just give way: between them and their places stand others, or nothing came or went there, or they
 * overtook each other.
 * @param causes rows that came, and places whose entries went.
 */
function outOfOrder(
  runs: readonly MovedRun[],
  bad: readonly SeqRange[],
  causes: readonly SeqRange[],
): MovedRun[] {
  const reasons = merged(causes);
  const later: number[] = [];
  let lowest = Infinity;
  for (let index = runs.length - 1; index >= 0; index -= 1) {
    later[index] = lowest;
    lowest = Math.min(lowest, homeOf(runs[index] as MovedRun).from);
  }
  let highest = -Infinity;
  return runs.filter((run, index) => {
    const home = homeOf(run);
    const way = run.shift > 0 ? { from: home.from, to: run.from - 1 } : { from: run.to + 1, to: home.to };
    const overtakes = highest > home.from || (later[index] ?? Infinity) < home.to;
    highest = Math.max(highest, home.to);
    const before = { from: Math.min(run.from, home.from), to: Math.max(run.from, home.from) - 1 };
    return overtakes || !covers(bad, way) || !meets(reasons, before);
  });
}
