/** When no more may be gathered; one slice is recorded while the next is gathered. */
const SLICE_ITEMS = 500;
const SLICE_BYTES = 1024 * 1024;

/**
 * Gathers items while the ones before them are taken: whatever came in the meantime goes together, so that a quick
 * sender gets large slices and a slow one does not wait. Bounded: who adds to a full slice waits for `room` first.
 */
export class Gathering<Item> {
  private slice: Item[] = [];
  private bytes = 0;
  private taking: Promise<void> | null = null;
  private onRoom = (): void => undefined;

  /** @param take must not reject. It gets one slice at a time, in order. */
  constructor(private readonly take: (slice: readonly Item[]) => Promise<void>) {}

  get full(): boolean {
    return this.slice.length >= SLICE_ITEMS || this.bytes >= SLICE_BYTES;
  }

  /** @param bytes that the item holds on to. */
  add(item: Item, bytes: number): void {
    this.slice.push(item);
    this.bytes += bytes;
    this.taking ??= this.takeAll();
  }

  /** Resolves once a full slice has begun to be taken. For one waiter. */
  room(): Promise<void> {
    return new Promise((resolve) => (this.onRoom = resolve));
  }

  /** Resolves when everything that was added has been taken. */
  async settled(): Promise<void> {
    await this.taking;
  }

  private async takeAll(): Promise<void> {
    while (this.slice.length > 0) {
      // What has arrived together belongs together; and other requests get their turn.
      await new Promise(setImmediate);
      const slice = this.slice;
      this.slice = [];
      this.bytes = 0;
      this.onRoom();
      await this.take(slice);
    }
    this.taking = null;
  }
}

/** `items` in parts that are taken like slices. */
export function* slicesOf<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += SLICE_ITEMS) yield items.slice(from, from + SLICE_ITEMS);
}
