import { Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type EventBus, systemContext } from '#kernel';

/** How long entries may gather: what reads on in the log costs the writer a unit of work each time. */
const PAUSE_MS = 300;

/** What follows the log after its commits, so that what is recorded does not wait for it. */
export abstract class LogFollower implements OnModuleInit, OnModuleDestroy {
  protected readonly ctx;
  private readonly logger = new Logger(this.constructor.name);
  private unsubscribe = (): void => undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private closed = false;

  /** @param principal in whose name it writes. */
  constructor(
    principal: string,
    private readonly events: EventBus,
  ) {
    this.ctx = systemContext(principal);
  }

  /** Takes the next entries, so few that nothing waits long behind it. @returns whether there are more. */
  protected abstract followOn(): Promise<boolean>;

  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe(() => this.wake());
    this.wake();
  }

  /** Before the writer closes. */
  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    this.unsubscribe();
    clearTimeout(this.timer);
    await this.running;
  }

  /** Takes all that the log holds. Never rejects: what cannot be taken now is taken later. */
  async catchUp(): Promise<void> {
    try {
      while (!this.closed && (await this.followOn()));
    } catch (error) {
      this.logger.warn(error, 'the log could not be followed');
    }
  }

  /** Has it go on soon. */
  protected wake(): void {
    if (this.closed) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.running = this.running.then(() => this.catchUp());
    }, PAUSE_MS).unref();
  }
}
