import type { AgentRef } from './agent-directory.js';
import type { OperationContext } from './operation-context.js';
import type { OperationType } from './operation-types.js';
import type { Outcome } from './outcome.js';
import type { RecordedEvent } from './recorded-event.js';
import type { SentItem } from './sent-item.js';
import type { TransactionContext } from './transaction.js';

export type MetricType = 'execution' | 'cost' | 'quality' | 'task_completion';

/** A metric to record; amounts in the store's units. */
export interface MetricDraft {
  readonly agent: AgentRef;
  readonly metricType: MetricType;
  readonly executionTimeUs: number | null;
  readonly success: boolean | null;
  readonly tokensUsed: number | null;
  readonly apiCalls: number | null;
  readonly costMicro: number | null;
  readonly qualityNano: number | null;
  readonly codeViolations: number | null;
  readonly tasksCompleted: number | null;
  readonly tasksFailed: number | null;
  /** JSON text. */
  readonly context: string | null;
  readonly recordedAt: number;
}

/** Writes metrics and the totals that hang on them, within the caller's transaction. */
export abstract class MetricRecorder {
  /** @returns the new metric's id. */
  abstract record(ctx: TransactionContext, draft: MetricDraft): string;
}

/** Through which call an amount came to the ledger. */
export const CHARGE_SOURCES = ['deduct', 'metric', 'settle'] as const;
export type ChargeSource = (typeof CHARGE_SOURCES)[number];

/** Spending to book; amounts in the store's units. */
export interface ChargeDraft {
  /** Null books to the account `unknown`. */
  readonly agent: AgentRef | null;
  readonly source: ChargeSource;
  readonly tokensUsed: number;
  readonly costMicro: number;
  readonly toolName: string | null;
  readonly sessionId: string | null;
  readonly toolUseId: string | null;
  readonly requestId: string | null;
  /** The client's own time, kept as text and never used to choose the day. */
  readonly clientTimestamp: string | null;
  /** The agent that was named, where another was charged. */
  readonly claimedAgent: string | null;
  /** The reservation that the charge settles. */
  readonly reservationId?: string;
}

/** The state of an account right after a charge. `charged` is false for one that had been booked before. */
export interface ChargeResult {
  charged: boolean;
  account: string;
  tokensUsedToday: number;
  costMicroToday: number;
  /** micro-USD; null where the account has no limit. Below 0 when overspent. */
  remainingMicro: number | null;
  status: BudgetStatus;
}

/** From unworried to gravest. */
export const BUDGET_STATUSES = ['ok', 'soft_limit', 'exceeded', 'paused', 'terminated'] as const;
export type BudgetStatus = (typeof BUDGET_STATUSES)[number];

/** Books spending within the caller's transaction, once per tool use or request. */
export abstract class ChargeRecorder {
  /** The result is filled in when the transaction commits. */
  abstract charge(ctx: TransactionContext, draft: ChargeDraft): ChargeResult;
}

interface EventFacts {
  readonly agent: { readonly agentId: string; readonly name: string; readonly role: string };
  readonly operationDetail?: string | null;
  readonly targetResource?: string | null;
  readonly targetType?: string | null;
  readonly decision: string;
  readonly reason?: string | null;
  readonly costMicro?: number | null;
  readonly tokensUsed?: number | null;
  readonly toolUseId?: string | null;
  /** JSON text. */
  readonly context?: string | null;
  readonly outcome?: string | null;
}

/** What a client says that happened; it calls it what it likes. */
export interface ReportedDraft extends EventFacts {
  readonly source: 'reported';
  readonly operationType: string;
}

/** What this service did or decided. */
export interface DecidedDraft extends EventFacts {
  readonly source: 'decided';
  readonly operationType: OperationType;
}

/** What is to be recorded; who did it and through which route comes from the context. */
export type EventDraft = ReportedDraft | DecidedDraft;

/** A recorded event whose place in the log is known once its transaction commits. */
export interface PendingEvent {
  readonly auditId: string;
  /** Set by the commit. */
  event: RecordedEvent | null;
}

/** The writer's side of the log: what is recorded commits with the transaction or not at all. */
export abstract class AuditTrail {
  abstract record(ctx: TransactionContext, draft: EventDraft): PendingEvent;
}

/** A budget day: its date, and the moment it began. */
export interface BudgetDay {
  /** `2026-01-31`, in the zone of the budget. */
  readonly date: string;
  /** The month that it belongs to, `2026-01`. */
  readonly month: string;
  /** Milliseconds UTC. */
  readonly startedAt: number;
}

/** Which budget day it is. Days begin at midnight in `BUDGET_TIMEZONE`. */
export abstract class BudgetCalendar {
  abstract today(): BudgetDay;
}

/** Where an agent stands. Amounts in micro-USD. */
export interface BudgetSnapshot {
  /** Charged since the day began. */
  readonly costMicroToday: number;
  /** The agent's own limit a day. */
  readonly maxCostMicro: number;
  /** Held by the agent's open reservations. */
  readonly reservedMicro: number;
  /**
   * What may still be spent: the smallest over the limits of the agent, its role and the fleet, a day and a month,
   * less what is reserved. Below 0 when overspent.
   */
  readonly remainingMicro: number;
  /** Charged in the session; 0 without one. */
  readonly sessionTokens: number;
  /** What the session may still use, less what is reserved in it; null without a session. Below 0 when overused. */
  readonly remainingTokens: number | null;
  readonly status: BudgetStatus;
}

/** What the ledger and the open reservations leave to an agent; of committed data, as one moment shows it. */
export abstract class BudgetState {
  /** @throws StoreUnavailable */
  abstract of(agent: AgentRef, sessionId: string | null): Promise<BudgetSnapshot>;

  /** Where `agent` stands that has spent `costMicro` (micro-USD) today. */
  abstract statusAt(agent: AgentRef, costMicro: number): BudgetStatus;
}

/** What somebody is to approve: exactly this, once. */
export interface ApprovalRequest {
  /** HMAC-SHA-256 over agent, principal, tool, canonical input, root, cwd and session; hex. */
  readonly hash: string;
  readonly agent: { readonly agentId: string; readonly name: string; readonly role: string };
  readonly toolName: string;
  /** The kinds of secrets that were masked in its texts. */
  readonly redacted: readonly string[] | undefined;
  /** Canonical JSON, secrets masked. */
  readonly toolInput: string;
  readonly operation: string | null;
  readonly root: string | null;
  readonly cwd: string | null;
  readonly sessionId: string | null;
  readonly rule: string;
  readonly reason: string;
  /** `human`, or names of roles. */
  readonly approvers: readonly string[];
}

export interface ApprovalAnswer {
  readonly approvalId: string;
  /** `spent`: it was approved, and this use took it. */
  readonly status: 'pending' | 'denied' | 'spent';
  /** Milliseconds UTC. */
  readonly expiresAt: number;
  /** What the approver said. */
  readonly comment: string | null;
}

/** Where decisions ask for approvals, and use up those that were given. */
export abstract class ApprovalDesk {
  /**
   * Spends the approval that was given for this very request; else the one that was denied or waits, else a new
   * one. Within the transaction that records the decision.
   */
  abstract ask(ctx: TransactionContext, request: ApprovalRequest): Promise<ApprovalAnswer>;
}

/** An approval that somebody has to decide yet. */
export interface WaitingApproval {
  readonly approvalId: string;
  readonly agent: { readonly agentId: string; readonly name: string; readonly role: string };
  /** Milliseconds UTC. */
  readonly requestedAt: number;
}

/** The approvals that wait. */
export abstract class ApprovalQueue {
  /** Those that asked first, at most `limit`. @throws StoreUnavailable */
  abstract waiting(limit: number): Promise<WaitingApproval[]>;
}

/** What a client says that it ran. */
export interface ReportedToolUse {
  readonly agentId: string;
  readonly toolUseId: string;
  /** As it was sent: what was asked for under the names of a check. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** How what ran stands to what was decided, where it was not allowed as it ran. */
export interface ToolUseFinding {
  /** `executed_differs`: another request was decided. `executed_denied`: not allowed. `ungated`: nobody asked. */
  readonly finding: 'executed_differs' | 'executed_denied' | 'ungated';
  /** The decision it was compared with. */
  readonly decisionId: string | null;
}

/** Compares what ran with what was decided under the same tool use. */
export abstract class ToolUseGate {
  /** @returns null for what was allowed. @throws StoreUnavailable */
  abstract compare(use: ReportedToolUse): Promise<ToolUseFinding | null>;
}

export interface RecordedItem {
  readonly id: string;
  /** It was recorded before, under the same `event_id`; nothing was written now. */
  readonly repeated: boolean;
}

/** Records many items that clients report, those that were recorded before excepted. */
export abstract class ItemRecorder {
  /**
   * Has each value recorded, together as `appendEach` has it; one of the same principal, route and `event_id` within
   * 24 h once.
   * @param record gives the new id.
   * @returns an outcome for each, in order; `EVENT_ID_REUSED` for an id that stands for something else.
   */
  abstract recordEach<V extends { readonly sent: SentItem | null }>(
    ctx: OperationContext,
    values: readonly Outcome<V>[],
    record: (ctx: TransactionContext, value: V) => string,
  ): Promise<Outcome<RecordedItem>[]>;
}
