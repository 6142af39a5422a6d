/** Waits before tries: exponential with full jitter, so that clients that were let go together do not come back together. */
export class Backoff {
  private tries = 0;

  /** @param firstMs the longest first wait, which doubles with each try up to `maxMs`. Milliseconds. */
  constructor(
    private readonly firstMs: number,
    private readonly maxMs: number,
  ) {}

  /** Milliseconds to wait before the next try. */
  next(): number {
    const bound = Math.min(this.maxMs, this.firstMs * 2 ** this.tries);
    this.tries += 1;
    return Math.random() * bound;
  }

  reset(): void {
    this.tries = 0;
  }
}
