import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { Clock, systemContext } from '#kernel';
import { AuditRetention } from './audit-retention.js';

const DAY_MS = 86_400_000;

/** In the service: lets old entries go at the start and daily. */
@Injectable()
export class RetentionUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RetentionUpkeep.name);
  private readonly stopped = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly retention: AuditRetention,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'auditRetentionDays'>,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.start(), DAY_MS).unref();
    this.start();
  }

  /** Before the writer closes. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopped.abort();
    await this.running;
  }

  private start(): void {
    const { signal } = this.stopped;
    this.running = this.running
      .then(async () => {
        const time = this.clock.now() - this.config.auditRetentionDays * DAY_MS;
        await this.retention.removeBefore(systemContext('audit retention'), time, { signal });
      })
      .catch((error: unknown) => {
        if (!signal.aborted) this.logger.error(error, 'old entries could not be removed');
      });
  }
}
