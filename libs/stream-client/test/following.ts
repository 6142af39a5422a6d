import { WebSocket } from 'ws';
import { eventually } from '../../../test/support/eventually.js';
import {
  type Position,
  StreamClient,
  type StreamClientOptions,
  type StreamFilter,
  type StreamState,
  type Subscription,
  type SubscriptionHandlers,
  type WebSocketConstructor,
} from '../src/index.js';

/** The silence is longer than any test, so that none is mended by a reconnection of its own. */
const TIMING = { silenceMs: 60_000, firstDelayMs: 5, maxDelayMs: 20 };

/** A client, and what it was told. */
export class Following {
  readonly states: StreamState[] = [];
  readonly errors: unknown[] = [];
  readonly client: StreamClient;

  constructor(url: string, options: Partial<StreamClientOptions> = {}) {
    this.client = new StreamClient({
      url,
      WebSocket: WebSocket as unknown as WebSocketConstructor,
      onState: (state) => void this.states.push(state),
      onError: (error) => void this.errors.push(error),
      ...options,
      timing: { ...TIMING, ...options.timing },
    });
  }

  follow(
    filter: StreamFilter = {},
    position: Position | null = null,
    more: Partial<SubscriptionHandlers> = {},
  ): Followed {
    const seqs: number[] = [];
    const handlers = { frame: ({ seq }: { seq: number }) => void seqs.push(seq), ...more };
    return { seqs, subscription: this.client.subscribe(filter, handlers, position) };
  }

  until(name: StreamState['name'], count = 1): Promise<void> {
    return eventually(
      `the state ${name}`,
      () => this.states.filter((state) => state.name === name).length >= count,
    );
  }
}

export interface Followed {
  /** Of the frames that came, in the order they did. */
  readonly seqs: number[];
  readonly subscription: Subscription;
}

/** Waits until it stands at `seq`, which frames, or the place that was told, have brought it to. */
export function isAt({ subscription }: Followed, seq: number): Promise<void> {
  return eventually(`the position ${seq}`, () => subscription.position?.seq === seq);
}
