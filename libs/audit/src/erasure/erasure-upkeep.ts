import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { EventBus, type RecordedEvent } from '#kernel';
import { AuditRepository } from '../audit.repository.js';
import { Overwriting } from './overwriting.js';

/** Erasures that come together are worked off together, since each takes the whole index of words. */
const PAUSE_MS = 500;
const RETRY_MS = 60_000;

/** In the service: after an erasure, by whatever process, lets go of what is in memory and in the file. */
@Injectable()
export class ErasureUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ErasureUpkeep.name);
  private readonly stopped = new AbortController();
  private unsubscribe = (): void => undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly events: EventBus,
    private readonly repository: AuditRepository,
    private readonly overwriting: Overwriting,
  ) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = this.events.subscribe((events) => this.follow(events));
    this.overwriteIn(PAUSE_MS);
  }

  /** Before the writer closes. */
  async onModuleDestroy(): Promise<void> {
    this.unsubscribe();
    this.stopped.abort();
    clearTimeout(this.timer);
    await this.running;
  }

  private follow(events: readonly RecordedEvent[]): void {
    if (!events.some(({ source, operationType }) => source === 'decided' && operationType === 'audit.erase'))
      return;
    this.repository.forget();
    this.overwriteIn(PAUSE_MS);
  }

  private overwriteIn(ms: number): void {
    if (this.stopped.signal.aborted) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.overwrite(), ms).unref();
  }

  private overwrite(): void {
    const { signal } = this.stopped;
    this.running = this.overwriting
      .run(signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.logger.error(error, 'erased texts could not be overwritten');
        return false;
      })
      .then((done) => {
        if (done || signal.aborted) return;
        this.logger.warn(
          'the write-ahead log, which may still hold erased texts, is busy: tried again later',
        );
        this.overwriteIn(RETRY_MS);
      });
  }
}
