import { NDJSON } from '#contract';
import type { SealedEntry } from '../checkpoints/sealed-entries.repository.js';
import { toSealedEntryResponse } from '../dto/proof.responses.js';
import type { ExportFormat, LogExport } from './log-export.js';

/** Which form of lines this is. */
export const EXPORT_VERSION = 1;

/** After so many leaves without an entry their gap is written, so that something comes and there is a place to go on from. */
const LONG_GAP = 65_536;

const toLine = (value: object): string => `${JSON.stringify(value)}\n`;

/**
 * Lines of JSON that are one proof: from the first to the last they give every leaf of the tree, those that are not
 * exported by the hashes of the perfect subtrees they make up. Whoever appends them one after another has the root of the
 * checkpoint at the end (RFC 9162, section 2.1), with no more than the right edge of the tree in memory.
 */
export const NDJSON_EXPORT: ExportFormat = {
  contentType: NDJSON,
  async *write(run: LogExport) {
    const { checkpoint, continues, after } = run;
    const { origin, size } = checkpoint;
    if (!continues)
      yield toLine({
        ...{ type: 'export', version: EXPORT_VERSION, origin, tree_size: size },
        ...{ after_seq: after, filter: run.filter },
      });
    const gap = async (from: number, to: number) =>
      from === to ? '' : toLine({ type: 'gap', from, to, hashes: await run.subtrees({ from, to }) });
    let known = continues ? after : 0;
    for await (const { entries, to } of run.pages) {
      let lines = '';
      for (const entry of entries) {
        lines += (await gap(known, entry.event.seq - 1)) + entryLine(entry);
        known = entry.event.seq;
      }
      if (to - known >= LONG_GAP) {
        lines += await gap(known, to);
        known = to;
      }
      if (lines !== '') yield lines;
    }
    yield (await gap(known, size)) + toLine({ type: 'checkpoint', checkpoint: checkpoint.note });
  },
};

function entryLine(entry: SealedEntry): string {
  return toLine({ type: 'entry', ...toSealedEntryResponse(entry) });
}
