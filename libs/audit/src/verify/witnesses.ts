import type { CheckpointReading } from './checkpoint-reading.js';
import type { VerificationRepository } from './verification.repository.js';
import type { Witness } from './witness.js';

/**
 * Those who bear witness about a log, as a walk of it comes to them. Of the stored checkpoints, of which there may be one for
 * each minute of years, no more are in memory than are needed next.
 */
export class Witnesses {
  /** The smallest last. */
  private readonly held: Witness[];
  private stored: Witness[] = [];
  /** The number of the last stored one that was read, and the size of the last one at hand. */
  private number = 0;
  private size = 0;

  /**
   * @param newest the number of the last stored checkpoint to take.
   * @param page how many are read at once.
   * @param rest is waited for after each page.
   */
  constructor(
    private readonly repository: Pick<VerificationRepository, 'checkpoints' | 'checkpointsBefore'>,
    private readonly reading: CheckpointReading,
    private readonly newest: number,
    private readonly page: number,
    private readonly rest: () => Promise<void>,
  ) {
    this.held = [...reading.held].sort((a, b) => b.size - a.size);
  }

  /** Of how many entries the log was signed last, by what is stored: sizes grow with numbers. */
  async lastStored(): Promise<number> {
    for (let before = this.newest + 1; before > 1;) {
      const page = await this.repository.checkpointsBefore(before, this.page);
      const last = page.find((checkpoint) => this.reading.isWitness(checkpoint));
      if (last) return last.size;
      before = page.at(-1)?.number ?? 0;
      await this.rest();
    }
    return 0;
  }

  /** Has those of trees of up to so many leaves at hand. */
  async bringTo(size: number): Promise<void> {
    while (this.size <= size && this.number < this.newest) {
      const page = await this.repository.checkpoints(this.number, this.page);
      this.number = page.at(-1)?.number ?? this.newest;
      for (const checkpoint of page) {
        if (checkpoint.number > this.newest) break;
        const witness = this.reading.takeStored(checkpoint);
        if (!witness) continue;
        this.stored.push(witness);
        this.size = witness.size;
      }
      await this.rest();
    }
  }

  /** The next of a tree of so many leaves; sizes are asked for in ascending order. */
  next(size: number): Witness | undefined {
    if (this.held.at(-1)?.size === size) return this.held.pop();
    return this.stored[0]?.size === size ? this.stored.shift() : undefined;
  }
}
