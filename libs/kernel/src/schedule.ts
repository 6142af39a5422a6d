/** Runs one thing again and again, one run at a time. A run that fails does not end it. */
export class Schedule {
  private readonly stopped = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  /**
   * @param run breaks off once its signal is aborted.
   * @param complain is told why a run has failed that was not broken off.
   */
  constructor(
    private readonly run: (signal: AbortSignal) => Promise<void>,
    private readonly complain: (error: unknown) => void,
  ) {}

  /** Runs now and every so many milliseconds; that alone keeps no process alive. */
  start(everyMs: number): void {
    this.timer = setInterval(() => this.runNext(), everyMs).unref();
    this.runNext();
  }

  /** Breaks off the run under way, and waits for its end. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopped.abort();
    await this.running;
  }

  /** Lets the run under way end, and has one more behind it where there was a first. */
  async finish(): Promise<void> {
    if (this.timer) this.runNext();
    clearInterval(this.timer);
    await this.running;
  }

  private runNext(): void {
    const { signal } = this.stopped;
    this.running = this.running
      .then(() => (signal.aborted ? undefined : this.run(signal)))
      .catch((error: unknown) => {
        if (!signal.aborted) this.complain(error);
      });
  }
}
