import type { RecordedEvent } from './recorded-event.js';

/** Takes events in log order, after their commit. Must not throw and should return at once. */
export type EventListener = (events: readonly RecordedEvent[]) => void;

/** Where the outside learns of what was committed: in log order, each event once, from every instance's commits. */
export abstract class EventBus {
  abstract publish(events: readonly RecordedEvent[]): void;
  /** @returns a function that ends the subscription. */
  abstract subscribe(listener: EventListener): () => void;
}
