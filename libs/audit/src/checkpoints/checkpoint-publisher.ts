import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { CheckpointFile } from './checkpoint-file.js';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;
const ANSWER_WITHIN_MS = 10_000;

/** Brings checkpoints outside, one after another; what has failed is tried again until a newer one takes its place. */
export class CheckpointPublisher {
  private readonly logger = new Logger(CheckpointPublisher.name);
  private readonly closed = new AbortController();
  private filing: Promise<void> = Promise.resolve();
  /** The newest that is to be posted. */
  private toPost: string | null = null;
  private posting: Promise<void> | null = null;

  constructor(
    private readonly file: CheckpointFile | null,
    private readonly url: string | null,
  ) {}

  /** Returns at once. */
  publish(note: string): void {
    const { file } = this;
    if (file) {
      this.filing = this.filing
        .then(() => file.append(note))
        .catch((error: unknown) =>
          this.logger.error(error, 'a checkpoint could not be written to CHECKPOINT_FILE'),
        );
    }
    if (this.url === null) return;
    this.toPost = note;
    this.posting ??= this.postAll(this.url).finally(() => (this.posting = null));
  }

  /** What is to be posted has one more try. */
  async close(): Promise<void> {
    await this.filing;
    this.closed.abort();
    await this.posting;
  }

  private async postAll(url: string): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; this.toPost !== null;) {
      const note = this.toPost;
      try {
        await post(url, note);
        if (this.toPost === note) this.toPost = null;
        pause = FIRST_PAUSE_MS;
      } catch (error) {
        this.logger.warn(error, 'a checkpoint could not be posted to CHECKPOINT_URL');
        if (this.closed.signal.aborted) return;
        await wait(pause, undefined, { signal: this.closed.signal, ref: false }).catch(() => undefined);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
  }
}

/** @throws Error unless it is answered with a 2xx in time. */
async function post(url: string, note: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: note,
    redirect: 'error',
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`answered ${response.status}`);
}
