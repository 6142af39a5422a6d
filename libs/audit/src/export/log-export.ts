import type { Checkpoint } from '../checkpoints/checkpoints.repository.js';
import type { AuditFilter } from '../log/log-query.js';
import type { LeafRange } from '../merkle/proof-ranges.js';
import type { EntryPage } from './entry-pages.js';

export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;
export type ExportFormatName = (typeof EXPORT_FORMATS)[number];

export interface ExportRequest {
  readonly format: ExportFormatName;
  readonly filter: AuditFilter;
  /** The same as the client wrote it. */
  readonly asked: Readonly<Record<string, string>>;
  readonly after: number;
  /** Of an export that is continued. */
  readonly treeSize: number | undefined;
}

/** An export on its way. */
export interface LogExport {
  /** Of the tree that all of it is proved against; nothing newer is in it. */
  readonly checkpoint: Checkpoint;
  /** What was asked for, as the client wrote it. */
  readonly filter: Readonly<Record<string, string>>;
  /** Entries up to this one are left out: they are in what came before. */
  readonly after: number;
  /** Whether it is put behind what has come already. */
  readonly continues: boolean;
  /** In log order. */
  readonly pages: AsyncIterable<EntryPage>;
  /** The hashes of the perfect subtrees that make up a run of leaves, from the left, base64. */
  subtrees(range: LeafRange): Promise<string[]>;
}

/** A form that exports are written in. */
export interface ExportFormat {
  readonly contentType: string;
  write(run: LogExport): AsyncGenerator<string>;
}
