import type { RecordedEvent } from '#kernel';

/** What an event takes beside its texts. */
const BASE_BYTES = 1_000;

/** About what an event takes in memory. Bytes. */
export function weightOf({ context, operationDetail, targetResource, rbacReason }: RecordedEvent): number {
  return [context, operationDetail, targetResource, rbacReason].reduce(
    (sum, text) => sum + (text?.length ?? 0),
    BASE_BYTES,
  );
}
