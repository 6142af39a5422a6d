import type { RecordedEvent } from '#kernel';
import type { ObjectSchema } from './schema.js';

/** What one must hold to see a frame, beside the rule that an agent's key sees its own agent's alone. */
export type FramePermission = 'stream:read' | 'audit:read';

/** What kind of frame an entry becomes. */
export interface FrameForm {
  readonly type: string;
  readonly permission: FramePermission;
  /** When it comes, a sentence for people. */
  readonly description: string;
  /** Of the member `data`. */
  readonly schema: ObjectSchema;
  /** The member `data` as JSON text; null where the entry has nothing to show, since its texts were erased. */
  readonly data: (event: RecordedEvent) => string | null;
}

/** The entry's context is the data already, as JSON text. */
export function toContext(event: RecordedEvent): string | null {
  return event.context;
}

/** The members of the entry's context; none where it has none, or its texts were erased. */
export function contextOf(event: RecordedEvent): Readonly<Record<string, unknown>> {
  return event.context === null ? {} : (JSON.parse(event.context) as Record<string, unknown>);
}
