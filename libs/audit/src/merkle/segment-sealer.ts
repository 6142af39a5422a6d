import { Injectable } from '@nestjs/common';
import { EventBus, TransactionRunner } from '#kernel';
import { LogFollower } from '../log/log-follower.js';
import { SegmentsRepository } from './segments.repository.js';

/** Seals each segment of the log once it is whole. */
@Injectable()
export class SegmentSealer extends LogFollower {
  constructor(
    private readonly segments: SegmentsRepository,
    private readonly transactions: TransactionRunner,
    events: EventBus,
  ) {
    super('audit segments', events);
  }

  protected async followOn(): Promise<boolean> {
    const { sealed, whole } = await this.segments.extent();
    if (sealed >= whole) return false;
    // Read beside the writer, which only has to write one row.
    const segment = await this.segments.compose(sealed);
    await this.transactions.run(this.ctx, (tx) => this.segments.seal(tx, segment));
    return sealed + 1 < whole;
  }
}
