import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DomainError, EventBus, type RecordedEvent } from '#kernel';

/** More would hold more connections than a team has people. */
const MAX_WAITING = 1_000;

export interface Wait {
  /** Resolves when the approval is decided, the time is over, or the service ends. */
  readonly promise: Promise<void>;
  cancel(): void;
}

/** Whoever waits for an approval to be decided, here or on another instance. */
@Injectable()
export class ApprovalWaits implements OnModuleInit, OnModuleDestroy {
  private readonly waiting = new Map<string, Set<() => void>>();
  private count = 0;
  private unsubscribe = (): void => undefined;

  constructor(private readonly events: EventBus) {}

  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe((events) => this.follow(events));
  }

  onModuleDestroy(): void {
    this.unsubscribe();
    this.endAll();
  }

  /** Lets everybody go, so that no connection is held open. */
  endAll(): void {
    for (const ends of [...this.waiting.values()]) for (const end of [...ends]) end();
  }

  /** @throws DomainError `STORE_UNAVAILABLE` when too many wait. */
  until(approvalId: string, ms: number): Wait {
    if (this.count >= MAX_WAITING) throw new DomainError('STORE_UNAVAILABLE', 'Too many wait; ask again.');
    const key = approvalId.toLowerCase();
    const ends = this.waiting.get(key) ?? new Set();
    this.waiting.set(key, ends);
    this.count += 1;
    let end = (): void => undefined;
    const promise = new Promise<void>((resolve) => {
      end = () => {
        clearTimeout(timer);
        if (!ends.delete(end)) return;
        this.count -= 1;
        if (ends.size === 0) this.waiting.delete(key);
        resolve();
      };
      const timer = setTimeout(() => end(), ms);
      ends.add(end);
    });
    return { promise, cancel: () => end() };
  }

  private follow(events: readonly RecordedEvent[]): void {
    if (this.count === 0) return;
    for (const { source, operationType, targetResource } of events) {
      if (source !== 'decided' || operationType !== 'approval.decide' || targetResource === null) continue;
      for (const end of [...(this.waiting.get(targetResource) ?? [])]) end();
    }
  }
}
