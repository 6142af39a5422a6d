import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { Clock, Schedule, systemContext } from '#kernel';
import { MetricRetention } from './metric-retention.js';
import { RollupRebuild } from './rollup-rebuild.js';
import { DAY_MS } from './time-range.js';

/** In the service: counts at the start what was recorded before there were buckets, and lets old metrics go daily. */
@Injectable()
export class RollupUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RollupUpkeep.name);
  private readonly schedule = new Schedule(
    (signal) => this.run(signal),
    (error) => this.logger.error(error, 'old metrics could not be seen to'),
  );

  constructor(
    private readonly rebuild: RollupRebuild,
    private readonly retention: MetricRetention,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'metricsRawRetentionDays'>,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule.start(DAY_MS);
  }

  /** Before the writer closes. */
  onModuleDestroy(): Promise<void> {
    return this.schedule.stop();
  }

  private async run(signal: AbortSignal): Promise<void> {
    const ctx = systemContext('metrics upkeep');
    await this.rebuild.buildOnce(ctx, signal);
    const from = this.clock.now() - this.config.metricsRawRetentionDays * DAY_MS;
    await this.retention.removeBefore(ctx, from, signal);
  }
}
