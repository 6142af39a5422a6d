import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { Clock, Schedule, systemContext } from '#kernel';
import { Checkpointer } from './checkpointer.js';

const DAY_MS = 86_400_000;

/** Has the log signed at intervals when there is news, once a day without, and at the end. */
@Injectable()
export class CheckpointSchedule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(CheckpointSchedule.name);
  private readonly ctx = systemContext('audit checkpoints');
  private readonly schedule = new Schedule(
    () => this.run(),
    (error) => this.logger.error(error, 'no checkpoint could be made'),
  );

  constructor(
    private readonly checkpointer: Checkpointer,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'checkpointIntervalMs'>,
  ) {}

  /** @throws Error where the key or `CHECKPOINT_FILE` cannot be read. */
  async onApplicationBootstrap(): Promise<void> {
    await this.checkpointer.key();
    const left = await this.checkpointer.leaveForeignLog(this.ctx);
    if (left) {
      this.logger.error(
        `the store does not hold the ${left.size} entries of the newest checkpoint in CHECKPOINT_FILE: a new log begins`,
      );
    }
    this.schedule.start(this.config.checkpointIntervalMs);
  }

  /** Before the writer closes. */
  async onModuleDestroy(): Promise<void> {
    await this.schedule.finish();
    await this.checkpointer.published();
  }

  private async run(): Promise<void> {
    if (await this.isDue()) await this.checkpointer.issue(this.ctx);
  }

  private async isDue(): Promise<boolean> {
    const { head, newest } = await this.checkpointer.standing();
    if (head.size === 0) return false;
    const isNews = !newest || newest.origin !== head.origin || head.size > newest.size;
    return isNews || this.clock.now() - newest.issuedAt >= DAY_MS;
  }
}
