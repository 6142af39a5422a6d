import { Inject, Injectable } from '@nestjs/common';
import { EntryFollower, FollowedLog } from '#audit';
import { CONFIG, type Config } from '#config';
import { EventBus, type RecordedEvent, type TransactionContext, TransactionRunner } from '#kernel';
import { type FleetEntry, toFleetEntry } from './fleet-entry.js';
import { FleetFold } from './fleet-fold.js';
import { FleetStateRepository } from './fleet-state.repository.js';
import { FleetSweepRepository } from './fleet-sweep.repository.js';

/** Who asks while so much is left is answered what is known. */
const FAR_BEHIND = 6_000;

/** Lets sessions and what agents do in them follow the log. */
@Injectable()
export class FleetFollower extends EntryFollower<FleetEntry> {
  private catchingUp: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  constructor(
    private readonly state: FleetStateRepository,
    private readonly sweep: FleetSweepRepository,
    log: FollowedLog,
    transactions: TransactionRunner,
    events: EventBus,
    @Inject(CONFIG) private readonly config: Pick<Config, 'agentIdleAfterMs'>,
  ) {
    super('fleet', log, transactions, events);
  }

  /** Resolves when all that was recorded before the call is followed, unless that is a long log. */
  async settle(): Promise<void> {
    const behind = await this.behind();
    if (behind === 0 || behind > FAR_BEHIND) return;
    // One that is under way may have read the log before the call; those who ask meanwhile share the one behind it.
    this.next ??= (this.catchingUp ?? Promise.resolve()).then(() => {
      this.next = null;
      return (this.catchingUp = this.catchUp());
    });
    await this.next;
  }

  protected read(entry: RecordedEvent): FleetEntry {
    return toFleetEntry(entry);
  }

  protected override async prepare(entries: readonly FleetEntry[]): Promise<void> {
    const removedTo = Math.max(0, ...entries.map((entry) => entry.removedTo ?? 0));
    if (removedTo > 0) await this.forget(removedTo);
  }

  protected async write(ctx: TransactionContext, entries: readonly FleetEntry[]): Promise<void> {
    const sessions = await this.state.findSessions(ctx, entries);
    const activities = await this.state.findActivities(ctx, entries, sessions);
    const fold = new FleetFold(sessions, activities, this.config.agentIdleAfterMs);
    for (const entry of entries) fold.apply(entry);
    await this.state.save(ctx, fold.changed);
  }

  /** Before the entry that tells of the removal is followed, so that whoever is interrupted does it again. */
  private async forget(to: number): Promise<void> {
    for (let from = await this.sweep.first(); from !== null && from <= to;) {
      const begin = from;
      from = await this.transactions.run(this.ctx, (tx) => this.sweep.forgetEntries(tx, begin, to));
    }
    while (await this.transactions.run(this.ctx, (tx) => this.sweep.forgetSessions(tx, to)));
    while (await this.transactions.run(this.ctx, (tx) => this.sweep.forgetActivities(tx, to)));
  }
}
