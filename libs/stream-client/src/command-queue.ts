import type { Frame } from './frames.js';

/** The service closes a connection on which more than 64 commands wait. */
const MAX_UNANSWERED = 32;

/** Sends the commands of a connection in their order, the later ones only once earlier ones are answered. */
export class CommandQueue {
  private readonly unanswered = new Set<string>();
  private waiting: { readonly request_id: string }[] = [];
  private count = 0;

  constructor(private readonly write: (command: object) => void) {}

  /** @returns its `request_id`, which comes back in the answer. */
  send(command: object): string {
    const id = String((this.count += 1));
    this.waiting.push({ ...command, request_id: id });
    this.goOn();
    return id;
  }

  hear(frame: Frame): void {
    if (frame.type !== 'subscribed' && frame.type !== 'unsubscribed' && frame.type !== 'error') return;
    if (this.unanswered.delete(frame.data.request_id ?? '')) this.goOn();
  }

  /** The connection is gone, and what was sent on it. */
  clear(): void {
    this.unanswered.clear();
    this.waiting = [];
  }

  private goOn(): void {
    const sent = this.waiting.splice(0, MAX_UNANSWERED - this.unanswered.size);
    for (const command of sent) {
      this.unanswered.add(command.request_id);
      this.write(command);
    }
  }
}
