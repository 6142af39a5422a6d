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
import { MetricSpans } from './metric-spans.js';
import { RollupRebuild } from './rollup-rebuild.js';
import { DAY_MS, MINUTE_MS, TEN_MINUTES_MS } from './time-range.js';

/** Most metrics of an hour have come by then; what comes later costs more to write. */
const LATE_MS = 5 * MINUTE_MS;

/**
 * In the service: counts at the start what was recorded before there were buckets, sums up hours that are past, and lets
 * old metrics go daily.
 */
@Injectable()
export class RollupUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RollupUpkeep.name);
  private readonly schedule = new Schedule(
    (signal) => this.run(signal),
    (error) => this.logger.error(error, 'metrics could not be seen to'),
  );
  /** When old metrics go next. */
  private letGoAt = 0;

  constructor(
    private readonly rebuild: RollupRebuild,
    private readonly spans: MetricSpans,
    private readonly retention: MetricRetention,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'metricsRawRetentionDays'>,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule.start(TEN_MINUTES_MS);
  }

  /** Before the writer closes. */
  onModuleDestroy(): Promise<void> {
    return this.schedule.stop();
  }

  private async run(signal: AbortSignal): Promise<void> {
    const ctx = systemContext('metrics upkeep');
    const now = this.clock.now();
    await this.rebuild.buildOnce(ctx, signal);
    // What is to go need not be summed up by ten minutes first.
    if (now >= this.letGoAt) {
      await this.retention.removeBefore(ctx, now - this.config.metricsRawRetentionDays * DAY_MS, signal);
      this.letGoAt = now + DAY_MS;
    }
    await this.spans.sumUpTo(ctx, this.clock.now() - LATE_MS, signal);
  }
}
