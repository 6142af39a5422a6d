import type { RecordedEvent } from './recorded-event.js';

/** What other features need to know of a live agent. Limits are effective: the agent's own, else its role's. */
export interface AgentRef {
  readonly agentId: string;
  readonly name: string;
  readonly role: string;
  readonly category: string;
  readonly maxTokensPerSession: number;
  /** micro-USD. */
  readonly maxCostPerDayMicro: number;
  readonly rights: AgentRights;
}

/** What an agent's own identity says of its rights; null where it leaves that to its role. */
export interface AgentRights {
  readonly allowedTools: readonly string[] | null;
  readonly deniedTools: readonly string[] | null;
  readonly pathScopes: readonly string[] | null;
  readonly apiAccess: readonly string[] | null;
  readonly requiresApproval: boolean;
  /** micro-USD; a costlier estimate takes an approval. */
  readonly approvalThresholdMicro: number;
  /** False for an identity nobody vouched for: never secrets, never registry rights. */
  readonly trusted: boolean;
}

/** The live agents, by name or id, in memory; of the retired ones the category. */
export abstract class AgentDirectory {
  /** The live agent that `reference` (a name, or a UUID in any case) means; null where none does. */
  abstract resolve(reference: string): AgentRef | null;
  /** An agent's present category, or the last that it had before it was retired; null where no agent has or had the id. */
  abstract categoryOf(agentId: string): string | null;
  /**
   * Resolves when the directory knows what these entries say of agents, whichever process recorded them.
   * @throws what the store throws.
   */
  abstract catchUp(events: readonly RecordedEvent[]): Promise<void>;
  abstract count(): number;

  /** What to store for a reference in a query or an event: the agent's id, or the text as sent. */
  idFor(reference: string): string {
    return this.resolve(reference)?.agentId ?? reference;
  }
}
