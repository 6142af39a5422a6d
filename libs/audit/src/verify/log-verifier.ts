import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { CheckpointsRepository } from '../checkpoints/checkpoints.repository.js';
import { SEGMENT } from '../merkle/log-tree.js';
import { CheckpointReading } from './checkpoint-reading.js';
import type { SealedRow } from '../log/log-columns.js';
import { checkEntry } from './entry-check.js';
import { explain } from './explain.js';
import type { Finding, VerificationReport } from './finding.js';
import { LogWalk } from './log-walk.js';
import { SealedSegments } from './sealed-segments.js';
import { treeFindings } from './tree-findings.js';
import { type StoredExtent, VerificationRepository } from './verification.repository.js';
import { Witnesses } from './witnesses.js';

/** Findings that are told one by one; the rest is counted. */
const MAX_FINDINGS = 100;
/** How far around a page the segments are at hand. */
const AROUND = 16;
/** Rows beyond the end that are looked at. */
const MAX_BEYOND = 10_000;

/** How fast it goes, and what it leaves to others meanwhile. */
export interface Pace {
  /** How many rows are read at once, and recomputed without a pause. */
  readonly page: number;
  /** How many signatures are checked without a pause. */
  readonly signatures: number;
  /** Whether the next rows are read while these are recomputed. */
  readonly readsAhead: boolean;
}

export interface VerificationOptions {
  readonly pace: Pace;
  /** Signed notes that whoever asks has kept. */
  readonly held?: readonly string[];
  /** Raw keys, of which one must have signed the notes that are held; those that the store knows by default. */
  readonly publicKeys?: readonly Buffer[];
  /** @param checked places of the log, of `size`. */
  readonly onProgress?: (checked: number, size: number) => void;
  readonly signal?: AbortSignal;
}

/** Recomputes the log from its rows, and compares it with everything that is kept about it. */
@Injectable()
export class LogVerifier {
  constructor(
    private readonly repository: VerificationRepository,
    private readonly checkpoints: CheckpointsRepository,
  ) {}

  /** Of what is committed when it begins. @throws StoreUnavailable; the reason of `signal`. */
  async verify(options: VerificationOptions): Promise<VerificationReport> {
    // First of all, so that none is about entries that were recorded afterwards.
    const newest = await this.checkpoints.findNewest();
    const extent = await this.repository.extent();
    const reading = await this.readHeld(extent.origin, options);
    const { pace, signal } = options;
    const witnesses = new Witnesses(this.repository, reading, newest?.number ?? 0, pace.signatures, () =>
      rest(signal),
    );
    const signed = await witnesses.lastStored();
    const size = Math.max(extent.size ?? extent.newest, extent.sealed * SEGMENT, signed);
    const walk = await this.walk(extent, size, witnesses, options);
    reading.end();
    const entries = explain(walk.observations, { from: 1, to: size });
    const findings = [
      ...entries,
      ...treeFindings(walk, extent, size, entries, reading),
      ...walk.segmentFindings,
      ...reading.findings,
    ];
    const { held, stored } = walk.testimonies;
    return {
      ...{ origin: extent.origin, size, checked: walk.checked, erased: walk.erased },
      agreed: { stored: stored.agreed, held: held.agreed },
      findings: await this.named(findings.slice(0, MAX_FINDINGS)),
      more: Math.max(0, findings.length - MAX_FINDINGS) + walk.observations.more + reading.more,
    };
  }

  private async readHeld(
    origin: string,
    { held = [], publicKeys, pace, signal }: VerificationOptions,
  ): Promise<CheckpointReading> {
    const known = (await this.checkpoints.findKeys()).map(({ publicKey }) =>
      Buffer.from(publicKey, 'base64'),
    );
    const reading = new CheckpointReading(origin, [...known, ...(publicKeys ?? [])]);
    for (const [index, note] of held.entries()) {
      reading.takeHeld(note, index + 1, publicKeys ?? known);
      if ((index + 1) % pace.signatures === 0) await rest(signal);
    }
    return reading;
  }

  private async walk(
    extent: StoredExtent,
    size: number,
    witnesses: Witnesses,
    { pace, onProgress, signal }: VerificationOptions,
  ): Promise<LogWalk> {
    const sealed = new SealedSegments();
    const removed = new Set<number>();
    await witnesses.bringTo(0);
    const walk = new LogWalk({ from: 1, to: size }, sealed, extent.sealed, witnesses, removed);
    const take = (rows: readonly SealedRow[]) => {
      for (const row of rows) walk.accept(checkEntry(row));
    };
    take(await this.repository.rowsBeforeFirst(pace.page));
    onProgress?.(0, size);
    const pageAfter = (after: number) => {
      const rows = this.repository.rows(after, Math.min(after + pace.page, size));
      // It is waited for a moment later.
      rows.catch(() => undefined);
      return rows;
    };
    let ahead: Promise<SealedRow[]> | null = null;
    for (let after = 0; after < size; after += pace.page) {
      const to = Math.min(after + pace.page, size);
      const rows = await (ahead ?? pageAfter(after));
      ahead = pace.readsAhead && to < size ? pageAfter(to) : null;
      await this.bring(sealed, after, to, extent.sealed);
      await witnesses.bringTo(to);
      // Others may go while this is under way.
      if (rows.length < to - after)
        for (const segment of await this.repository.removed(after, to)) removed.add(segment);
      take(rows);
      walk.endAt(to);
      onProgress?.(to, size);
      await rest(signal);
    }
    for (let [after, seen] = [size, 0]; after < extent.newest && seen < MAX_BEYOND;) {
      const rows = await this.repository.rowsBeyond(after, extent.newest, pace.page);
      take(rows);
      seen += rows.length;
      after = rows.at(-1)?.seq ?? extent.newest;
      await rest(signal);
    }
    walk.end();
    await witnesses.bringTo(Infinity);
    return walk;
  }

  /** Has the segments of some places, and of those around them, at hand. */
  private async bring(sealed: SealedSegments, after: number, to: number, count: number): Promise<void> {
    const last = Math.floor((to + AROUND) / SEGMENT);
    let first = Math.floor(Math.max(0, after - AROUND) / SEGMENT);
    sealed.forgetBefore(first);
    while (sealed.find(first)) first += 1;
    const until = Math.min(last, count - 1);
    if (first > until) return;
    for (const segment of await this.repository.segments(first, until)) sealed.add(segment);
  }

  /** With the ids of rows that were told by their numbers alone. */
  private async named(findings: readonly Finding[]): Promise<Finding[]> {
    const result: Finding[] = [];
    for (const each of findings) {
      const { kind, seq, auditId } = each;
      const isUnnamed = kind === 'inserted' && auditId === null && seq !== null;
      result.push(isUnnamed ? { ...each, auditId: await this.repository.auditIdAt(seq) } : each);
    }
    return result;
  }
}

/** Lets others have their turn. */
async function rest(signal: AbortSignal | undefined): Promise<void> {
  await nextTurn();
  signal?.throwIfAborted();
}
