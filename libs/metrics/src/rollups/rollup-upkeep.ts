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
  private readonly ctx = systemContext('metrics upkeep');
  private readonly stopped = new AbortController();
  private timers: NodeJS.Timeout[] = [];
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly rebuild: RollupRebuild,
    private readonly spans: MetricSpans,
    private readonly retention: MetricRetention,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'metricsRawRetentionDays'>,
  ) {}

  onApplicationBootstrap(): void {
    this.timers = [
      setInterval(() => this.start(() => this.letGo()), DAY_MS).unref(),
      setInterval(() => this.start(() => this.sumUp()), TEN_MINUTES_MS).unref(),
    ];
    this.start(async () => {
      await this.rebuild.buildOnce(this.ctx, this.stopped.signal);
      // What is to go need not be summed up by ten minutes first.
      await this.letGo();
      await this.sumUp();
    });
  }

  async onModuleDestroy(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.stopped.abort();
    await this.running;
  }

  private start(work: () => Promise<unknown>): void {
    this.running = this.running.then(work).then(
      () => undefined,
      (error: unknown) => {
        if (!this.stopped.signal.aborted) this.logger.error(error, 'old metrics could not be seen to');
      },
    );
  }

  private sumUp(): Promise<void> {
    return this.spans.sumUpTo(this.ctx, this.clock.now() - LATE_MS, this.stopped.signal);
  }

  private letGo(): Promise<number> {
    const from = this.clock.now() - this.config.metricsRawRetentionDays * DAY_MS;
    return this.retention.removeBefore(this.ctx, from, this.stopped.signal);
  }
}
