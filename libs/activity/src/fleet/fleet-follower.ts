import { Inject, Injectable } from '@nestjs/common';
import { LogFollower } from '#audit';
import { CONFIG, type Config } from '#config';
import { EventBus, TransactionRunner } from '#kernel';
import { FleetFold } from './fleet-fold.js';
import { FleetLogRepository } from './fleet-log.repository.js';
import { FleetStateRepository } from './fleet-state.repository.js';
import { FleetSweepRepository } from './fleet-sweep.repository.js';

/** How many entries one transaction takes, so that nothing waits long behind it … */
const SLICE = 500;
/** … and how many once so many are left: more than come with one commit of batches. */
const MOST = 3_000;
/** Who asks while so much is left is answered what is known. */
const FAR_BEHIND = 2 * MOST;

/** Lets sessions and what agents do in them follow the log. */
@Injectable()
export class FleetFollower extends LogFollower {
  private catchingUp: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  constructor(
    private readonly log: FleetLogRepository,
    private readonly state: FleetStateRepository,
    private readonly sweep: FleetSweepRepository,
    private readonly transactions: TransactionRunner,
    events: EventBus,
    @Inject(CONFIG) private readonly config: Pick<Config, 'agentIdleAfterMs'>,
  ) {
    super('fleet', events);
  }

  /** Resolves when all that was recorded before the call is followed, unless that is a long log. */
  async settle(): Promise<void> {
    const behind = await this.log.behind();
    if (behind === 0 || behind > FAR_BEHIND) return;
    // One that is under way may have read the log before the call; those who ask meanwhile share the one behind it.
    this.next ??= (this.catchingUp ?? Promise.resolve()).then(() => {
      this.next = null;
      return (this.catchingUp = this.catchUp());
    });
    await this.next;
  }

  /** Reading holds no lock. */
  protected async followOn(): Promise<boolean> {
    const slice = (await this.log.behind()) < MOST ? SLICE : MOST;
    const next = await this.log.findNext(slice);
    if (!next) return false;
    const removedTo = Math.max(0, ...next.entries.map((entry) => entry.removedTo ?? 0));
    if (removedTo > 0) await this.forget(removedTo);
    const claimed = await this.transactions.run(this.ctx, async (tx) => {
      const entries = await this.log.claim(tx, next);
      if (!entries) return false;
      const sessions = await this.state.findSessions(tx, entries);
      const activities = await this.state.findActivities(tx, entries, sessions);
      const fold = new FleetFold(sessions, activities, this.config.agentIdleAfterMs);
      for (const entry of entries) fold.apply(entry);
      await this.state.save(tx, fold.changed);
      await this.log.moveMark(tx, next.to);
      return true;
    });
    // Who was first may have taken fewer.
    return !claimed || next.entries.length === slice;
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
