/** The newest of what comes in the order of the log, without gaps, as much as so many bytes hold. */
export class LogWindow<Item extends { readonly seq: number }> {
  private items: Item[] = [];
  private bytes = 0;

  /** @param weigh about how many bytes an item takes; the same each time. */
  constructor(
    private readonly maxBytes: number,
    private readonly weigh: (item: Item) => number,
  ) {}

  add(items: readonly Item[]): void {
    const [first] = items;
    if (first && first.seq !== (this.items.at(-1)?.seq ?? first.seq - 1) + 1) this.clear();
    for (const item of items) {
      this.items.push(item);
      this.bytes += this.weigh(item);
    }
    // Seldom, and then by a quarter, since each cut moves the rest.
    if (this.bytes > this.maxBytes) this.cut(() => this.bytes > this.maxBytes * 0.75);
  }

  /** Lets go of the items up to `seq`. */
  dropTo(seq: number): void {
    if ((this.items[0]?.seq ?? Infinity) <= seq) this.cut((item) => item.seq <= seq);
  }

  clear(): void {
    this.items = [];
    this.bytes = 0;
  }

  /** The items behind `seq`, at most `limit`; null where those right behind it are not here. */
  after(seq: number, limit: number): readonly Item[] | null {
    const [first] = this.items;
    if (!first || first.seq > seq + 1) return null;
    const start = seq + 1 - first.seq;
    return this.items.slice(start, start + limit);
  }

  /** Lets go of the oldest while `isOver` says so. */
  private cut(isOver: (item: Item) => boolean): void {
    let start = 0;
    for (const item of this.items) {
      if (!isOver(item)) break;
      this.bytes -= this.weigh(item);
      start += 1;
    }
    this.items = this.items.slice(start);
  }
}
