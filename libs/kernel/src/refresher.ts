const RETRY_MS = 1_000;

/**
 * Keeps a view in memory up to date with its store, one reading at a time. What was asked for before a change is out
 * of date, so reading is repeated until nothing changed meanwhile.
 */
export class Refresher<T> {
  private changes = 0;
  private reading: Promise<void> | null = null;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  /**
   * @param read asks the store.
   * @param apply makes the answer the view; not called with one that is out of date.
   * @param complain is told why the store could not be read in the background, once before each retry.
   */
  constructor(
    private readonly read: () => Promise<T>,
    private readonly apply: (stored: T) => void,
    private readonly complain: (error: unknown) => void,
  ) {}

  /** Notes a change that is in the view already, so that no reading under way undoes it. */
  noteChange(): void {
    this.changes += 1;
  }

  /** Reads the store, for a view that holds all that was committed before the call. @throws what `read` throws. */
  refresh(): Promise<void> {
    this.noteChange();
    return (this.reading ??= this.readAnew());
  }

  /** The same without waiting for it; where the store cannot be read it is asked again after a second. */
  refreshSoon(): void {
    if (this.closed) return;
    this.refresh().catch((error: unknown) => {
      if (this.closed || this.retry) return;
      this.complain(error);
      this.retry = setTimeout(() => {
        this.retry = undefined;
        this.refreshSoon();
      }, RETRY_MS).unref();
    });
  }

  /** Ends retries and waits for the reading under way. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    await this.reading?.catch(() => undefined);
  }

  private async readAnew(): Promise<void> {
    // The caller must have kept this promise before `finally` forgets it, even where `read` throws at once.
    await Promise.resolve();
    try {
      let asked: number;
      do {
        asked = this.changes;
        const stored = await this.read();
        if (asked === this.changes) this.apply(stored);
      } while (asked !== this.changes && !this.closed);
    } finally {
      // In the same turn as the last look at `changes`: a change after it begins a new reading.
      this.reading = null;
    }
  }
}
