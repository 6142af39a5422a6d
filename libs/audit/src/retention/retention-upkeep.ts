import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { Clock, Schedule, systemContext } from '#kernel';
import { AuditRetention } from './audit-retention.js';

const DAY_MS = 86_400_000;

/** In the service: lets old entries go at the start and daily. */
@Injectable()
export class RetentionUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RetentionUpkeep.name);
  private readonly schedule = new Schedule(
    (signal) => this.run(signal),
    (error) => this.logger.error(error, 'old entries could not be removed'),
  );

  constructor(
    private readonly retention: AuditRetention,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'auditRetentionDays'>,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule.start(DAY_MS);
  }

  /** Before the writer closes. */
  onModuleDestroy(): Promise<void> {
    return this.schedule.stop();
  }

  private async run(signal: AbortSignal): Promise<void> {
    const time = this.clock.now() - this.config.auditRetentionDays * DAY_MS;
    await this.retention.removeBefore(systemContext('audit retention'), time, { signal });
  }
}
