import { type RecordedEvent, toIndexedId } from '#kernel';

/** What tells the session of an entry. */
export type SessionSource = Pick<RecordedEvent, 'source' | 'operationType' | 'context'>;

/** How a context that names a session holds it: contexts are JSON texts without blanks between members. */
const SESSION_MEMBER = '"session_id":"';

/**
 * The session that an entry belongs to, in the form that is indexed: as it was sent, or the digest of a longer one. A member
 * `session_id` of the context says it; of a metric's, that of the context that came with the metric.
 * @returns null where none is named, and for an entry whose texts were erased.
 */
export function sessionOf({ source, operationType, context }: SessionSource): string | null {
  if (!context?.includes(SESSION_MEMBER)) return null;
  const whole = membersOf(JSON.parse(context));
  const isMetric = source === 'decided' && operationType === 'metric.record';
  const id = (isMetric ? membersOf(whole['context']) : whole)['session_id'];
  return typeof id === 'string' ? toIndexedId(id) : null;
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
