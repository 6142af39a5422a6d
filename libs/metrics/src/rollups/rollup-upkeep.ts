import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { Clock, systemContext } from '#kernel';
import { MetricRetention } from './metric-retention.js';
import { RollupRebuild } from './rollup-rebuild.js';
import { DAY_MS } from './time-range.js';

/** In the service: counts at the start what was recorded before there were buckets, and lets old metrics go daily. */
@Injectable()
export class RollupUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RollupUpkeep.name);
  private readonly stopped = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly rebuild: RollupRebuild,
    private readonly retention: MetricRetention,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'metricsRawRetentionDays'>,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.start(), DAY_MS).unref();
    this.start();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopped.abort();
    await this.running;
  }

  private start(): void {
    this.running = this.running
      .then(() => this.run())
      .catch((error: unknown) => {
        if (!this.stopped.signal.aborted) this.logger.error(error, 'old metrics could not be seen to');
      });
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    const ctx = systemContext('metrics upkeep');
    await this.rebuild.buildOnce(ctx, signal);
    const from = this.clock.now() - this.config.metricsRawRetentionDays * DAY_MS;
    await this.retention.removeBefore(ctx, from, signal);
  }
}
