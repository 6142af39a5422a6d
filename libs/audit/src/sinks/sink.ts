import type { RecordedEvent } from '#kernel';

export const ENTRY_SOURCES = ['reported', 'decided'] as const;

/** Which entries a sink gets; null for all. */
export interface SinkFilter {
  readonly agentId: string | null;
  /** Each a type, or the beginning of types, `budget.*`. */
  readonly operationTypes: readonly string[] | null;
  readonly decisions: readonly string[] | null;
  readonly source: (typeof ENTRY_SOURCES)[number] | null;
}

/** What of a sink somebody chooses. */
export interface NewSink {
  readonly name: string;
  readonly target: string;
  readonly filter: SinkFilter;
  /** Its first entry; null for those from now on. */
  readonly fromSeq: number | null;
}

export const SINK_STATES = ['active', 'paused'] as const;

/** Somebody else who gets the log, and how far that came. Times in milliseconds UTC. */
export interface AuditSink {
  readonly sinkId: string;
  readonly name: string;
  /** A URL, by whose scheme it is a webhook or syslog. */
  readonly target: string;
  readonly filter: SinkFilter;
  readonly state: (typeof SINK_STATES)[number];
  /** Every entry up to this one was delivered, is not for the sink, or is in a dead letter. */
  readonly deliveredTo: number;
  /** Where the batch ends that is being delivered, so that it is the same in every attempt; null for none. */
  readonly pendingTo: number | null;
  /** How often that batch has failed, and since when. */
  readonly failures: number;
  readonly failingSince: number | null;
  readonly nextAttemptAt: number;
  /** Why the last attempt failed; null once one has succeeded. */
  readonly lastError: string | null;
  /** How many batches became dead letters since the last that was delivered. */
  readonly deadInRow: number;
  readonly lastDeliveredAt: number | null;
  /** Which of its secrets is in force; the one before it signs too until `previousUntil`. */
  readonly secretVersion: number;
  /** SHA-256 of the secret, hexadecimal; null for syslog. */
  readonly secretHash: string | null;
  readonly previousUntil: number | null;
  /** Which process is delivering, and until when no other may. */
  readonly leaseOwner: string | null;
  readonly leaseUntil: number;
  readonly createdBy: string;
  readonly createdAt: number;
}

/** A part of the log, whose ends are included. */
export interface SeqRange {
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** What is delivered at once: all entries of a part of the log that are for the sink, in order, at least one. */
export interface Batch extends SeqRange {
  readonly entries: readonly RecordedEvent[];
}

export const DEAD_LETTER_CAUSES = ['exhausted', 'refused', 'removed'] as const;

/** A part of the log that a sink did not get. */
export interface DeadLetter extends SeqRange {
  readonly deadLetterId: string;
  readonly sinkId: string;
  /** Tried for too long, refused by the receiver, or no longer in the log when it was its turn. */
  readonly cause: (typeof DEAD_LETTER_CAUSES)[number];
  readonly reason: string;
  readonly attempts: number;
  readonly deadAt: number;
  /** When somebody asked for another attempt that has not been made yet. */
  readonly queuedAt: number | null;
}

/** What came of an attempt. `refused`: this batch will never be taken; `gone`: nothing will. */
export type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs?: number }
  | { readonly kind: 'refused' | 'gone'; readonly reason: string };

/** Each may hold a connection, and a batch in memory. */
export const MAX_SINKS = 20;
