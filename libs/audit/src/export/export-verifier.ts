import { hash as digest } from 'node:crypto';
import { hashText } from '../log/leaf.js';
import { Frontier } from '../merkle/frontier.js';
import { subtreeRanges } from '../merkle/proof-ranges.js';
import { readCheckpoint } from '../verify/witness.js';
import {
  type EntryLine,
  type ExportLine,
  type GapLine,
  parseExportLine,
  readableEntry,
} from './export-line.js';
import { EXPORT_VERSION } from './ndjson-export.js';

const LEAF_PREFIX = Buffer.from([0x00]);
/** More are only counted. */
const LISTED = 100;

/** What can be found wrong with an export: `truncated` where it broke off, else what is not as it was signed. */
export type ExportDamage = 'malformed' | 'changed' | 'missing' | 'reordered' | 'truncated' | 'checkpoint';

export interface ExportFinding {
  readonly kind: ExportDamage;
  /** Of the file, from 1. */
  readonly line: number;
  /** The entry concerned; null where it is about none. */
  readonly seq: number | null;
  /** One sentence. */
  readonly detail: string;
}

export interface ExportReport {
  /** Which log; null where the file does not say. */
  readonly origin: string | null;
  /** How many entries the log held. */
  readonly treeSize: number;
  /** Of those: in the file, without their texts among them, and given by hashes alone. */
  readonly entries: number;
  readonly erased: number;
  readonly leftOut: number;
  readonly findings: readonly ExportFinding[];
  /** Findings beyond those that are listed. */
  readonly more: number;
}

/** Checks an export line by line, with nothing but public keys (RFC 9162, section 2.1). */
export class ExportVerifier {
  private readonly frontier = Frontier.parse(0, '');
  private readonly findings: ExportFinding[] = [];
  private found = 0;
  private line = 0;
  private head: { readonly origin: string; readonly tree_size: number } | null = null;
  private ended = false;
  /** Whether each leaf so far was in its place, so that a root follows. */
  private whole = true;
  private entries = 0;
  private erased = 0;
  private leftOut = 0;

  /**
   * @param keys raw public keys, one of which must have signed.
   * @param complete whether what is left out counts as missing.
   */
  constructor(
    private readonly keys: readonly Buffer[],
    private readonly complete = false,
  ) {}

  /** The next line, without its end. */
  take(text: string): void {
    this.line += 1;
    const line = parseExportLine(text);
    if (!line) this.breakOff('malformed', 'The line is none of an export.');
    else if (this.ended) this.find('malformed', 'The line stands behind the end.');
    else this.append(line);
  }

  /** After the last line. */
  end(): ExportReport {
    if (!this.ended) {
      this.line += 1;
      this.find('truncated', 'The file breaks off: the checkpoint at its end is missing.');
    }
    return {
      ...{ origin: this.head?.origin ?? null, treeSize: this.head?.tree_size ?? 0 },
      ...{ entries: this.entries, erased: this.erased, leftOut: this.leftOut },
      ...{ findings: this.findings, more: this.found - this.findings.length },
    };
  }

  private append(line: ExportLine): void {
    if (line.type !== 'export' && !this.head)
      this.breakOff('malformed', 'The first line does not say what is exported.');
    switch (line.type) {
      case 'export':
        this.begin(line);
        break;
      case 'entry':
        this.entry(line);
        break;
      case 'gap':
        this.gap(line);
        break;
      case 'checkpoint':
        this.checkpoint(line.checkpoint);
    }
  }

  private begin(line: Extract<ExportLine, { type: 'export' }>): void {
    if (this.head) this.find('malformed', 'A second export begins.');
    else if (line.version !== EXPORT_VERSION)
      this.breakOff('malformed', `The form ${line.version} is not known.`);
    this.head ??= line;
  }

  private entry(line: EntryLine): void {
    this.entries += 1;
    if (line.text === null) this.erased += 1;
    const fault = faultOf(line);
    if (fault) this.find('changed', fault, line.leaf_index + 1);
    if (this.isNext(line.leaf_index)) this.frontier.append(line.leaf_hash);
  }

  private gap({ from, to, hashes }: GapLine): void {
    const ranges = subtreeRanges({ from, to });
    if (from >= to || hashes.length !== ranges.length) {
      this.breakOff('malformed', 'The gap has not the hashes of what it leaves out.');
      return;
    }
    this.leftOut += to - from;
    if (this.complete) this.find('missing', `Entries ${from + 1} to ${to} are left out.`, from + 1);
    if (!this.isNext(from)) return;
    for (const [index, range] of ranges.entries())
      this.frontier.appendSubtree(hashes[index] ?? '', range.to - range.from);
  }

  private checkpoint(note: string): void {
    this.ended = true;
    if (!this.head) return;
    const { origin, tree_size: treeSize } = this.head;
    const read = readCheckpoint(note, origin, this.keys);
    if ('fault' in read) this.find('checkpoint', `The checkpoint at the end ${read.fault}.`);
    else if (read.head.size !== treeSize)
      this.find('checkpoint', 'The checkpoint is of a tree of another size.');
    else if (!this.whole) return;
    else if (this.frontier.size !== treeSize)
      this.find(
        'missing',
        `The leaves behind entry ${this.frontier.size} are missing.`,
        this.frontier.size + 1,
      );
    else if (this.frontier.root() !== read.head.root)
      this.find('changed', 'What the file holds is not what was signed: its root is another.');
  }

  /** Whether a leaf, from 0, is the next of the tree. */
  private isNext(leaf: number): boolean {
    const { size } = this.frontier;
    if (!this.whole) return false;
    if (leaf > size) this.breakOff('missing', `Entries ${size + 1} to ${leaf} are missing.`, size + 1);
    else if (leaf < size)
      this.breakOff('reordered', `Entry ${leaf + 1} stands behind entry ${size}.`, leaf + 1);
    return leaf === size;
  }

  /** After this no root follows any more. */
  private breakOff(kind: ExportDamage, detail: string, seq: number | null = null): void {
    this.whole = false;
    this.find(kind, detail, seq);
  }

  private find(kind: ExportDamage, detail: string, seq: number | null = null): void {
    this.found += 1;
    if (this.findings.length < LISTED) this.findings.push({ kind, line: this.line, seq, detail });
  }
}

/** What does not fit together in an entry's line; null where all does. */
function faultOf({ entry, leaf, text, leaf_index: index, leaf_hash: leafHash }: EntryLine): string | null {
  const bytes = Buffer.from(leaf, 'base64');
  if (digest('sha256', Buffer.concat([LEAF_PREFIX, bytes]), 'base64') !== leafHash)
    return 'The leaf is not what its hash was made from.';
  try {
    const stated = JSON.parse(bytes.toString()) as Record<string, unknown>;
    if (stated['seq'] !== index + 1) return 'The leaf is of another place in the log.';
    if (text && hashText(Buffer.from(text.salt, 'base64'), text.body) !== stated['text_hash'])
      return 'The texts are not those of the leaf.';
    const readable = readableEntry(stated, text?.body ?? null);
    return JSON.stringify(readable) === JSON.stringify(entry)
      ? null
      : 'The entry says something else than its leaf and texts.';
  } catch {
    return 'The leaf is none of this log.';
  }
}
