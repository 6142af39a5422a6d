import type { EventDraft } from '#kernel';

/** An entry that this service decided, and that a rule may be about. */
export interface WatchedEntry {
  readonly seq: number;
  readonly auditId: string;
  readonly traceId: string;
  readonly agent: EventDraft['agent'];
  readonly operationType: string;
  readonly operationDetail: string | null;
  readonly decision: string;
  /** Milliseconds UTC. */
  readonly at: number;
  /** Null where rules need none, or the texts were erased. */
  readonly context: Readonly<Record<string, unknown>> | null;
}

/** One of the things that a window counts. */
export interface Observation {
  /** When it was recorded, milliseconds UTC. */
  readonly at: number;
  /** It ended badly: a task that failed. */
  readonly failed: boolean;
}

/** What windows count: denials, or tasks that an agent ended. */
export const COUNTED_KINDS = ['denials', 'failure_rate'] as const;
export type CountedKind = (typeof COUNTED_KINDS)[number];

/** No agent: what the service itself does, or what is nobody's. */
export const SYSTEM_AGENT = { agentId: 'system', name: 'system', role: 'admin' } as const;
