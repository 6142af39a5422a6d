import { OPERATION_TYPES, type OperationType, type RecordedEvent } from '#kernel';
import { ACCESS_FRAMES } from './access-frames.js';
import { AGENT_FRAMES } from './agent-frames.js';
import { ALERT_FRAMES } from './alert-frames.js';
import { AUDIT_FRAMES } from './audit-frames.js';
import { DECISION_FRAMES, RBAC_DECISION } from './decision-frames.js';
import type { FrameForm } from './frame-form.js';
import { SPENDING_FRAMES } from './spending-frames.js';

/** The frame of each kind of entry that this service makes; the compiler misses those that have none. */
const DECIDED: Readonly<Record<OperationType, FrameForm>> = {
  ...ACCESS_FRAMES,
  ...AGENT_FRAMES,
  ...ALERT_FRAMES,
  ...AUDIT_FRAMES,
  ...DECISION_FRAMES,
  ...SPENDING_FRAMES,
};
const BY_OPERATION: ReadonlyMap<string, FrameForm> = new Map(Object.entries(DECIDED));

/** Whatever a client calls what it reports, it is never taken for something that this service did. */
const REPORTED = RBAC_DECISION;

/** What kind of frame an entry becomes; null for entries of a type that this version does not know. */
export function formOf(event: Pick<RecordedEvent, 'source' | 'operationType'>): FrameForm | null {
  return event.source === 'reported' ? REPORTED : (BY_OPERATION.get(event.operationType) ?? null);
}

/** A kind of frame, and the entries that become one. */
export interface RegisteredFrame {
  readonly form: FrameForm;
  /** By operation type. */
  readonly entries: readonly OperationType[];
  /** Whether what clients report becomes one. */
  readonly reported: boolean;
}

/** Every kind of frame that an entry causes, by the names of their types. */
export const FRAMES: readonly RegisteredFrame[] = [...new Set(Object.values(DECIDED)).add(REPORTED)]
  .sort((a, b) => (a.type < b.type ? -1 : 1))
  .map((form) => ({
    form,
    entries: OPERATION_TYPES.filter((type) => DECIDED[type] === form),
    reported: form === REPORTED,
  }));

/** The types of all of them. */
export const FRAME_TYPES: readonly string[] = FRAMES.map(({ form }) => form.type);
