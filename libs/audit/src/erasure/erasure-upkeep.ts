import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { EventBus, type RecordedEvent } from '#kernel';
import { AuditRepository } from '../audit.repository.js';
import { Overwriting } from './overwriting.js';

const RETRY_MS = 60_000;

/** In the service: after an erasure, by whatever process, lets go of what is in memory and in the file. */
@Injectable()
export class ErasureUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ErasureUpkeep.name);
  private readonly stopped = new AbortController();
  private unsubscribe = (): void => undefined;
  private retry: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly events: EventBus,
    private readonly repository: AuditRepository,
    private readonly overwriting: Overwriting,
  ) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = this.events.subscribe((events) => this.follow(events));
    this.overwrite();
  }

  /** Before the writer closes. */
  async onModuleDestroy(): Promise<void> {
    this.unsubscribe();
    this.stopped.abort();
    clearTimeout(this.retry);
    await this.running;
  }

  private follow(events: readonly RecordedEvent[]): void {
    if (!events.some(({ source, operationType }) => source === 'decided' && operationType === 'audit.erase'))
      return;
    this.repository.forget();
    this.overwrite();
  }

  private overwrite(): void {
    const { signal } = this.stopped;
    clearTimeout(this.retry);
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
        this.retry = setTimeout(() => this.overwrite(), RETRY_MS).unref();
      });
  }
}
