/** What happened, as it stands in the log: one entry, committed; all that may still happen to it is that its texts are erased. */
export interface RecordedEvent {
  /** Position in the log, from 1, without gaps; commit order across all instances. */
  readonly seq: number;
  readonly auditId: string;
  readonly agentId: string;
  readonly agentName: string;
  readonly agentRole: string;
  /** `tool_use`, `agent.register`, `access.denied`, … */
  readonly operationType: string;
  readonly operationDetail: string | null;
  readonly targetResource: string | null;
  readonly targetType: string | null;
  readonly rbacDecision: string;
  readonly rbacReason: string | null;
  readonly costMicro: number | null;
  readonly tokensUsed: number | null;
  /** The tool use that it is about, by the client's id; null where none was named. */
  readonly toolUseId: string | null;
  /** JSON text, exactly as it was hashed. */
  readonly context: string | null;
  /** Milliseconds UTC. */
  readonly recordedAt: number;
  /** `reported`: a client said so. `decided`: this service did or decided it. */
  readonly source: 'reported' | 'decided';
  readonly principalId: string;
  readonly principalKind: string;
  readonly principalRole: string;
  readonly route: string | null;
  readonly outcome: string | null;
  readonly traceId: string;
  /** Its texts were erased: detail, target, reason, tool use and context are null. */
  readonly erased: boolean;
}
