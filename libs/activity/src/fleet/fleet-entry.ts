import { type EntryKind, kindOf } from './entry-kinds.js';
import { SESSION_MEMBER, sessionOf } from './session-of.js';
import type { Dialect } from '#persistence';

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

/** What is read of an entry; its context only where it says something. */
export interface FleetLogRow {
  readonly seq: number;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly agent_role: string;
  readonly operation_type: string;
  readonly source: 'reported' | 'decided';
  readonly recorded_at: number;
  readonly cost_micro: number | null;
  readonly tokens_used: number | null;
  readonly context: string | null;
}

const FIND: Readonly<Record<Dialect, string>> = { sqlite: 'instr', postgres: 'strpos' };
const TELLS = "operation_type IN ('agent.complete', 'audit.retention')";

export const fleetColumns = (dialect: Dialect): readonly string[] => [
  ...['seq', 'agent_id', 'agent_name', 'agent_role', 'operation_type', 'source', 'recorded_at'],
  ...['cost_micro', 'tokens_used'],
  `CASE WHEN ${TELLS} OR ${FIND[dialect]}(context, '${SESSION_MEMBER}') > 0 THEN context END AS context`,
];

export function toFleetEntry(row: FleetLogRow): FleetEntry {
  const event = { source: row.source, operationType: row.operation_type, context: row.context };
  const decided = (type: string): boolean => event.source === 'decided' && event.operationType === type;
  const charged = decided('budget.deduct');
  const told = (type: string, member: string): unknown =>
    decided(type) && event.context !== null
      ? (JSON.parse(event.context) as Record<string, unknown>)[member]
      : undefined;
  const success = told('agent.complete', 'success');
  const removedTo = told('audit.retention', 'to_seq');
  return {
    seq: row.seq,
    agentId: row.agent_id,
    agentName: row.agent_name,
    agentRole: row.agent_role,
    kind: kindOf(event),
    sessionId: sessionOf(event),
    at: row.recorded_at,
    costMicro: charged ? (row.cost_micro ?? 0) : 0,
    tokens: charged ? (row.tokens_used ?? 0) : 0,
    success: typeof success === 'boolean' ? success : null,
    removedTo: typeof removedTo === 'number' ? removedTo : null,
  };
}
