import type { RecordedEvent } from '#kernel';
import { type EntryKind, kindOf } from './entry-kinds.js';
import { sessionOf } from './session-of.js';

/** An entry of the log, as far as the state of the fleet follows from it. */
export interface FleetEntry {
  readonly seq: number;
  readonly agentId: string;
  readonly agentName: string;
  readonly agentRole: string;
  readonly kind: EntryKind;
  /** In the form that is indexed; null for none. */
  readonly sessionId: string | null;
  /** Milliseconds UTC. */
  readonly at: number;
  /** micro-USD that were charged: of the entries that state a cost, only those of the ledger count. */
  readonly costMicro: number;
  /** Tokens that were charged. */
  readonly tokens: number;
  /** How a task ended; null where that is not said. */
  readonly success: boolean | null;
  /** Retention has removed entries up to this one; null where the entry tells of none. */
  readonly removedTo: number | null;
}

/** What of an entry says what the fleet does. */
export type FleetSource = Pick<
  RecordedEvent,
  | 'seq'
  | 'agentId'
  | 'agentName'
  | 'agentRole'
  | 'operationType'
  | 'source'
  | 'recordedAt'
  | 'costMicro'
  | 'tokensUsed'
  | 'context'
>;

export function toFleetEntry(event: FleetSource): FleetEntry {
  const decided = (type: string): boolean => event.source === 'decided' && event.operationType === type;
  const charged = decided('budget.deduct');
  const told = (type: string, member: string): unknown =>
    decided(type) && event.context !== null
      ? (JSON.parse(event.context) as Record<string, unknown>)[member]
      : undefined;
  const success = told('agent.complete', 'success');
  const removedTo = told('audit.retention', 'to_seq');
  return {
    seq: event.seq,
    agentId: event.agentId,
    agentName: event.agentName,
    agentRole: event.agentRole,
    kind: kindOf(event),
    sessionId: sessionOf(event),
    at: event.recordedAt,
    costMicro: charged ? (event.costMicro ?? 0) : 0,
    tokens: charged ? (event.tokensUsed ?? 0) : 0,
    success: typeof success === 'boolean' ? success : null,
    removedTo: typeof removedTo === 'number' ? removedTo : null,
  };
}
