import { Logger } from '@nestjs/common';
import { EventBus, type EventListener, type RecordedEvent } from '#kernel';

/** Hands committed events to listeners in this process; a listener that fails harms no other. */
export class PostCommitEventBus extends EventBus {
  private readonly logger = new Logger(PostCommitEventBus.name);
  private readonly listeners = new Set<EventListener>();

  publish(events: readonly RecordedEvent[]): void {
    if (events.length === 0) return;
    for (const listener of this.listeners) {
      try {
        listener(events);
      } catch (error) {
        this.logger.error(error, 'a listener of committed events failed');
      }
    }
  }

  subscribe(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
