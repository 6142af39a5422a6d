import { formatTime } from '#contract';

/** Content of a frame that no entry caused. */
export type Notice = Readonly<Record<string, unknown>>;

/** Such a frame as JSON. @param now milliseconds since 1970. */
export function toNotice(type: string, content: Notice, now: number): string {
  return JSON.stringify({ type, ...content, timestamp: formatTime(now) });
}
