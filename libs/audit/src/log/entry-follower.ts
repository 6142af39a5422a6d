import type { EventBus, RecordedEvent, TransactionContext, TransactionRunner } from '#kernel';
import type { FollowedLog, FollowerName } from './followed-log.js';
import { LogFollower } from './log-follower.js';

/** How many entries one transaction takes, so that nothing waits long behind it … */
const SLICE = 500;
/** … while there are so few; … */
const FEW = 3_000;
/** … and how many once there are more: twice what comes with one commit of batches, or it would fall behind. */
const MANY = 10_000;

/**
 * Takes each entry of the log once in effect, in order, whichever of several instances does it: what is written of entries and
 * the mark behind the last of them commit together.
 */
export abstract class EntryFollower<Item> extends LogFollower {
  constructor(
    private readonly name: FollowerName,
    protected readonly log: FollowedLog,
    protected readonly transactions: TransactionRunner,
    events: EventBus,
  ) {
    super(name, events);
  }

  /** What it takes of an entry. No lock is held. */
  protected abstract read(entry: RecordedEvent): Item;

  /** Within the transaction that moves the mark. */
  protected abstract write(ctx: TransactionContext, items: readonly Item[]): Promise<void>;

  /** What has to be done before these are written, and may be done again. No lock is held. */
  protected prepare?(items: readonly Item[]): Promise<void>;

  /** How many entries were not taken yet. */
  protected async behind(): Promise<number> {
    const { mark, size } = await this.log.progressOf(this.name);
    return size - mark;
  }

  protected async followOn(): Promise<boolean> {
    const { mark, size } = await this.log.progressOf(this.name);
    if (mark >= size) return false;
    const entries = await this.log.after(mark, size - mark < FEW ? SLICE : MANY);
    const last = entries.at(-1);
    if (!last) return false;
    const items = entries.map((entry) => this.read(entry));
    await this.prepare?.(items);
    const claimed = await this.transactions.run(this.ctx, async (tx) => {
      if (!(await this.log.claim(tx, this.name, mark, last.seq))) return false;
      const erased = await this.log.findErased(tx, mark, last.seq);
      await this.write(
        tx,
        entries.map((entry, index) =>
          erased.has(entry.seq) ? this.read(withoutTexts(entry)) : (items[index] as Item),
        ),
      );
      return true;
    });
    // Who was first may have taken fewer. What has come meanwhile is left to gather.
    return !claimed || last.seq < size;
  }
}

/** What an entry is once its texts are erased, which may be after it was read. */
function withoutTexts(entry: RecordedEvent): RecordedEvent {
  return {
    ...entry,
    ...{ operationDetail: null, targetResource: null, rbacReason: null, toolUseId: null, context: null },
    erased: true,
  };
}
