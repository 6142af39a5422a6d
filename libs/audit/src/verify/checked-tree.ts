import { Frontier } from '../merkle/frontier.js';
import { SEGMENT } from '../merkle/log-tree.js';

/** The tree over the leaves that the walk found to be right, or took from where they are kept. */
export class CheckedTree {
  /** Over whole segments, and over the leaves behind them. */
  private readonly upper = Frontier.parse(0, '');
  private lower = Frontier.parse(0, '');
  /** The first place whose leaf is a guess: no tree that holds it says anything. */
  doubtFrom = Infinity;

  get size(): number {
    return this.upper.size * SEGMENT + this.lower.size;
  }

  /** @returns the root of the segment that this leaf completes. */
  push(leafHash: string | undefined): string | null {
    if (leafHash === undefined) this.doubt();
    this.lower.append(leafHash ?? '');
    if (this.lower.size < SEGMENT) return null;
    const root = this.lower.root();
    this.upper.append(root);
    this.lower = Frontier.parse(0, '');
    return root;
  }

  /** Of the leaf that comes next. */
  doubt(): void {
    this.doubtFrom = Math.min(this.doubtFrom, this.size + 1);
  }

  get isDoubtful(): boolean {
    return this.doubtFrom <= this.size;
  }

  /** As the head of the log keeps it. */
  frontier(): string {
    return [this.upper.toString(), this.lower.toString()].filter((text) => text !== '').join(' ');
  }

  root(): string {
    return Frontier.parse(this.size, this.frontier()).root();
  }
}
