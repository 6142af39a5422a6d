import { type ReceivedFrame, StreamListener } from '../../libs/activity/test/stream-listener.js';
import type { TestService } from './service.js';

export const STREAM_PATHS = [
  '/api/v1/agents/activity/stream',
  '/api/v1/agents/activity/stream/',
  '/ws',
  '/ws/',
] as const;

/** Frames that greet a client, before any event's. One that begins without a subscription gets the first two. */
export const GREETINGS = 3;

export type { ReceivedFrame, StreamListener };

/** A client of the service's stream that has been greeted. */
export async function listen(service: TestService, path = '/ws', key?: string): Promise<StreamListener> {
  const url = service.origin.replace('http', 'ws') + path;
  const listener = await StreamListener.connect(
    url,
    key === undefined ? {} : { headers: { 'x-api-key': key } },
  );
  await listener.received(path.includes('start=none') ? GREETINGS - 1 : GREETINGS);
  return listener;
}

let marks = 0;

/**
 * Causes one more frame, of the agent, and waits for it.
 * @returns the frames of events before it: whatever was caused before has arrived by then.
 */
export async function eventsOf(
  service: TestService,
  listener: StreamListener,
  agentId = 'marker',
): Promise<readonly ReceivedFrame[]> {
  const operationType = `mark-${(marks += 1)}`;
  await service.request('POST', '/events/ingest', { agent_id: agentId, operation_type: operationType });
  const marked = () =>
    listener.frames.findIndex(
      ({ type, data }) => type === 'rbac_decision' && data['operation_type'] === operationType,
    );
  while (marked() < 0) {
    if (listener.ws.readyState !== listener.ws.OPEN)
      throw new Error('the stream ended before the marked frame');
    await listener.received(listener.frames.length + 1);
  }
  return listener.frames.slice(GREETINGS, marked()).map(withoutPlace);
}

/** What the contract states; that each frame names the one before it has tests of its own. */
function withoutPlace(frame: ReceivedFrame): ReceivedFrame {
  const stated = Object.entries(frame).filter(([name]) => name !== 'prev_seq' && name !== 'subscription');
  return Object.fromEntries(stated) as unknown as ReceivedFrame;
}
