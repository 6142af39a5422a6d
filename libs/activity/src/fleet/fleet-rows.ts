/** Stands where an agent acts in no session. */
export const NO_SESSION = 0;

/**
 * `past`: completed, or it was only seen by what it sent and is silent. `idle`: activated, silent, and an entry says so.
 * `active`: going on, as far as is known.
 */
export const STATE = { past: 0, idle: 1, active: 2 } as const;
export type State = (typeof STATE)[keyof typeof STATE];

/** A row of `fleet_sessions`. Times in milliseconds UTC, amounts as they were charged. */
export interface SessionRow {
  /** Its first entry, by which it is known here. */
  session_seq: number;
  session_id: string;
  first_seen_at: number;
  last_seen_at: number;
  /** Its newest sign of life, */
  last_seq: number;
  /** and the newest that says what was done. */
  operation_seq: number | null;
  entries: number;
  cost_micro: number;
  tokens_used: number;
}

/** A row of `fleet_activities`: an agent in a session, or in none. */
export interface ActivityRow {
  agent_id: string;
  session_seq: number;
  agent_name: string;
  agent_role: string;
  state: State;
  first_seen_at: number;
  /** The entry with which it began to be active, the last time. */
  started_seq: number;
  started_at: number;
  /** Null where nobody said so. */
  activated_at: number | null;
  completed_at: number | null;
  success: number | null;
  /** The last sign of life, also one from elsewhere. */
  seen_at: number;
  /** Since when it is silent, once an entry says so. */
  idle_since: number | null;
  last_seq: number;
  operation_seq: number | null;
  /** In the session, over all its activations; */
  entries: number;
  cost_micro: number;
  tokens_used: number;
  /** and what of that was before this one. */
  entries_before: number;
  cost_micro_before: number;
  tokens_used_before: number;
}

export const SESSION_COLUMNS = [
  ...(['session_seq', 'session_id', 'first_seen_at', 'last_seen_at', 'last_seq', 'operation_seq'] as const),
  ...(['entries', 'cost_micro', 'tokens_used'] as const),
] satisfies readonly (keyof SessionRow)[];

export const ACTIVITY_COLUMNS = [
  ...(['agent_id', 'session_seq', 'agent_name', 'agent_role', 'state', 'first_seen_at'] as const),
  ...(['started_seq', 'started_at', 'activated_at', 'completed_at', 'success', 'seen_at'] as const),
  ...(['idle_since', 'last_seq', 'operation_seq', 'entries', 'cost_micro', 'tokens_used'] as const),
  ...(['entries_before', 'cost_micro_before', 'tokens_used_before'] as const),
] satisfies readonly (keyof ActivityRow)[];
