import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AgentDirectory, EventBus, type RecordedEvent } from '#kernel';
import { AuditRepository } from '../audit.repository.js';

/** How often the head is looked at for what other processes committed. */
const POLL_MS = 500;
const PAGE = 500;

/**
 * Publishes the log to the event bus, in order and without gaps: this process's commits as they happen, those of
 * others (the CLI, other instances) read from the store. What arrives past a gap waits until the gap is filled, and what is read
 * until the agent directory knows of it: own commits have told it already.
 */
@Injectable()
export class LogTail implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(LogTail.name);
  private published = 0;
  /** The newest sequence number that this process committed; reading on stops no earlier. */
  private known = 0;
  /** Where the bus stood at the last tick. */
  private ticked = -1;
  private catchingUp: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly repository: AuditRepository,
    private readonly bus: EventBus,
    private readonly agents: AgentDirectory,
  ) {}

  async onModuleInit(): Promise<void> {
    this.published = await this.repository.size();
    this.timer = setInterval(() => this.tick(), POLL_MS);
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    await this.catchingUp;
  }

  /** The sequence number of the newest event that the bus has seen. */
  get position(): number {
    return this.published;
  }

  /** Takes what this process has just committed. */
  committed(events: readonly RecordedEvent[]): void {
    this.known = Math.max(this.known, events.at(-1)?.seq ?? 0);
    if (events[0]?.seq === this.published + 1 && !this.catchingUp) this.publish(events);
    else this.catchUp();
  }

  /** An own commit that was published since the last tick had no gap before it, so nobody else's is missing. */
  private tick(): void {
    if (this.ticked === this.published) this.catchUp();
    this.ticked = this.published;
  }

  private publish(events: readonly RecordedEvent[]): void {
    this.published = events.at(-1)?.seq ?? this.published;
    this.bus.publish(events);
  }

  private catchUp(): void {
    if (!this.closed) this.catchingUp ??= this.readOn();
  }

  private async readOn(): Promise<void> {
    try {
      let events: RecordedEvent[];
      do {
        events = await this.repository.findAfter(this.published, PAGE);
        await this.agents.catchUp(events);
        this.publish(events);
      } while (!this.closed && (events.length > 0 || this.published < this.known));
    } catch (error) {
      this.logger.error(error, 'the log could not be read on');
    } finally {
      this.catchingUp = null;
    }
  }
}
