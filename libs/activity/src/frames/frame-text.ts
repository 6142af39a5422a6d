import { formatTime } from '#contract';
import type { RecordedEvent } from '#kernel';
import { formOf } from './registry.js';

/**
 * The text of an event's frame, `{"type","data","timestamp","seq"}`; null for events that have none, and for those that
 * more than `stream:read` is needed for.
 */
export function toFrame(event: RecordedEvent): string | null {
  const form = formOf(event);
  const data = form?.permission === 'stream:read' ? form.data(event) : null;
  if (!form || data === null) return null;
  return `{"type":"${form.type}","data":${data},"timestamp":"${formatTime(event.recordedAt)}","seq":${event.seq}}`;
}

/** The text of a frame that no event caused, such as a greeting. @param now milliseconds UTC. */
export function toNotice(type: string, content: Readonly<Record<string, unknown>>, now: number): string {
  return JSON.stringify({ type, ...content, timestamp: formatTime(now) });
}
