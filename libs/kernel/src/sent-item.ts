import { fingerprint } from './fingerprint.js';

/** What its sender calls an item, so that it can be sent again. */
export interface SentItem {
  readonly eventId: string;
  /** Over what was sent under that id. */
  readonly fingerprint: string;
}

/** @returns null for an item without an id of its sender's. @throws ValidationFailed where it nests too deep. */
export function toSentItem(item: { readonly event_id?: string }): SentItem | null {
  return item.event_id === undefined ? null : { eventId: item.event_id, fingerprint: fingerprint(item, 0) };
}
