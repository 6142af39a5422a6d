import { Injectable } from '@nestjs/common';
import { EventBus, type RecordedEvent, type TransactionContext } from '#kernel';
import { Reader, storeOf } from '#persistence';
import { AuditRepository } from '../audit.repository.js';
import { weightOf } from './event-weight.js';
import { LogWindow } from './log-window.js';

/** How much is kept so that it is not read again: what is committed in a second or two at full rate. Bytes. */
const MAX_BYTES = 24 * 1024 ** 2;

/** How many entries one query reads from the store, and how much of them is enough at once: they may be large. Bytes. */
const PAGE = 500;
const READ_BYTES = 16 * 1024 ** 2;

/** Who keeps a mark of how far it has followed the log; retention waits for the last. */
export type FollowerName = 'counts' | 'text' | 'fleet';

/** How far a follower has come, and how far the log has. */
export interface Progress {
  readonly mark: number;
  readonly size: number;
}

/** The log as what follows it reads it: what none of them has taken yet out of memory, as far as it is kept, the rest out of the store. */
@Injectable()
export class FollowedLog {
  private readonly newest = new LogWindow(MAX_BYTES, weightOf);
  /** Where those who follow in this process were last. */
  private readonly marks = new Map<FollowerName, number>();

  constructor(
    private readonly log: AuditRepository,
    private readonly reader: Reader,
    events: EventBus,
  ) {
    events.subscribe((committed) => this.keep(committed));
  }

  async progressOf(name: FollowerName): Promise<Progress> {
    const [progress] = await this.reader.query<Progress>(
      `SELECT size, (SELECT seq FROM log_followers WHERE name = ?) AS mark FROM agent_audit_head WHERE id = 1`,
      [name],
    );
    if (progress?.mark == null) throw new Error(`${name} has no mark in the log`);
    // Another log stands in the store's place: what is kept is of the one before.
    if (progress.mark < (this.marks.get(name) ?? 0)) this.newest.clear();
    this.passed(name, progress.mark);
    return progress;
  }

  /** In log order, from the entry after `seq`. Fewer than `limit` says nothing of the end of the log: others write it as well. */
  async after(seq: number, limit: number): Promise<readonly RecordedEvent[]> {
    const kept = this.newest.after(seq, limit);
    return kept && kept.length > 0 ? kept : this.readAfter(seq, limit);
  }

  /** As many as are asked for, unless they are large. */
  private async readAfter(seq: number, limit: number): Promise<RecordedEvent[]> {
    const entries: RecordedEvent[] = [];
    for (let bytes = 0; entries.length < limit && bytes < READ_BYTES;) {
      const asked = Math.min(limit - entries.length, PAGE);
      const page = await this.log.findAfter(entries.at(-1)?.seq ?? seq, asked);
      for (const entry of page) bytes += weightOf(entry);
      entries.push(...page);
      if (page.length < asked) break;
    }
    return entries;
  }

  /** Moves a mark within a transaction, which keeps others from moving it. @returns false where another process was first. */
  async claim(ctx: TransactionContext, name: FollowerName, from: number, to: number): Promise<boolean> {
    const store = storeOf(ctx);
    const moved = await store.change('UPDATE log_followers SET seq = ? WHERE name = ? AND seq = ?', [
      to,
      name,
      from,
    ]);
    if (moved === 1) store.afterCommit(() => this.passed(name, to));
    return moved === 1;
  }

  /** Which of the entries behind `from` have lost their texts. */
  async findErased(ctx: TransactionContext, from: number, to: number): Promise<ReadonlySet<number>> {
    const rows = await storeOf(ctx).query<{ seq: number }>(
      'SELECT seq FROM audit_erasures WHERE seq > ? AND seq <= ?',
      [from, to],
    );
    return new Set(rows.map(({ seq }) => seq));
  }

  private passed(name: FollowerName, mark: number): void {
    this.marks.set(name, mark);
    this.newest.dropTo(Math.min(...this.marks.values()));
  }

  /** Erased texts are in none of the entries before their erasure, wherever they are kept. */
  private keep(committed: readonly RecordedEvent[]): void {
    const erases = ({ source, operationType }: RecordedEvent): boolean =>
      source === 'decided' && operationType === 'audit.erase';
    if (committed.some(erases)) this.newest.clear();
    else this.newest.add(committed);
  }
}
