import { setMaxListeners } from 'node:events';
import { Injectable, Logger } from '@nestjs/common';
import { Clock, EventBus } from '#kernel';
import { LogFollower } from '../log/log-follower.js';
import { type AuditSink, MAX_SINKS } from './sink.js';
import { SinkDelivery } from './sink-delivery.js';
import { SinksRepository } from './sinks.repository.js';

/** How often it is looked for attempts that have become due, and leases that have ended. */
const TICK_MS = 1_000;
/** How long attempts under way may go on when the service ends. */
const GRACE_MS = 2_000;

/** In the service: has each sink delivered to, beside the others, when the log has grown or an attempt is due. */
@Injectable()
export class SinkDispatcher extends LogFollower {
  private readonly complaints = new Logger(SinkDispatcher.name);
  private readonly stopped = new AbortController();
  private readonly deliveries = new Map<string, Promise<void>>();
  private ticking: NodeJS.Timeout | undefined;

  constructor(
    private readonly sinks: SinksRepository,
    private readonly delivery: SinkDelivery,
    private readonly clock: Clock,
    events: EventBus,
  ) {
    super('audit sinks', events);
  }

  override onModuleInit(): void {
    // Each attempt under way listens to it.
    setMaxListeners(MAX_SINKS, this.stopped.signal);
    super.onModuleInit();
    this.ticking = setInterval(() => this.wake(), TICK_MS).unref();
  }

  /** Before the writer closes. */
  override async onModuleDestroy(): Promise<void> {
    clearInterval(this.ticking);
    await super.onModuleDestroy();
    const grace = setTimeout(() => this.stopped.abort(new Error('the service ends')), GRACE_MS);
    await Promise.all(this.deliveries.values());
    clearTimeout(grace);
  }

  protected async followOn(): Promise<boolean> {
    for (const sink of await this.sinks.findDue(this.clock.now()))
      if (!this.deliveries.has(sink.sinkId)) this.begin(sink);
    return false;
  }

  private begin(sink: AuditSink): void {
    const delivery = this.delivery
      .run(sink, this.stopped.signal)
      .catch((error: unknown) => this.complaints.warn(error, `nothing could be delivered to ${sink.name}`))
      .finally(() => this.deliveries.delete(sink.sinkId));
    this.deliveries.set(sink.sinkId, delivery);
  }
}
